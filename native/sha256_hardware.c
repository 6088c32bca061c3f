/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by the instructions that x86-64 (SHA extensions) and 64-bit Arm (FEAT_SHA256) have for it. */
#define _GNU_SOURCE
#include "sha256.h"

/* Four rounds a step; the schedule of a step is made of those of the four steps before. */
#define STEPS 16

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

static __attribute__((target("sha,sse4.1"))) void compress(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	/* The instructions want the state as ABEF and CDGH, highest word first. */
	__m128i dcba = _mm_loadu_si128((const __m128i *)state), hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
	__m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
	__m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
	__m128i feba, dchg;

	for (; count > 0; count--, blocks += SHA256_BLOCK) {
		const __m128i abef_before = abef, cdgh_before = cdgh;
		__m128i w[4];

#pragma GCC unroll 16
		for (int i = 0; i < STEPS; i++) {
			__m128i *now = &w[i & 3], *last = &w[(i + 3) & 3], sum;

			if (i < 4) {
				*now = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)blocks + i), big_endian);
			} else {
				__m128i seven_back = _mm_alignr_epi8(*last, w[(i + 2) & 3], 4);

				*now = _mm_sha256msg1_epu32(*now, w[(i + 1) & 3]);
				*now = _mm_sha256msg2_epu32(_mm_add_epi32(*now, seven_back), *last);
			}
			sum = _mm_add_epi32(*now, _mm_load_si128((const __m128i *)sha256_constants + i));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	feba = _mm_shuffle_epi32(abef, 0x1b);
	dchg = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

sha256_compress sha256_hardware(void)
{
	unsigned a, b = 0, c, d;

	/* Intel SDM, CPUID: leaf 7, EBX bit 29. GCC 12 has no name for it. */
	if (!__builtin_cpu_supports("sse4.1") || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & 1u << 29))
		return NULL;
	return compress;
}

#elif defined(__aarch64__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>
#include <sys/auxv.h>

#ifndef HWCAP_SHA2
#define HWCAP_SHA2 (1 << 6)
#endif

#if defined(__clang__)
#define SHA2_TARGET __attribute__((target("sha2")))
#else
#define SHA2_TARGET __attribute__((target("+crypto")))
#endif

static SHA2_TARGET void compress(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);

	for (; count > 0; count--, blocks += SHA256_BLOCK) {
		const uint32x4_t abcd_before = abcd, efgh_before = efgh;
		uint32x4_t w[4];

#pragma GCC unroll 16
		for (int i = 0; i < STEPS; i++) {
			uint32x4_t *now = &w[i & 3], sum, abcd_now = abcd;

			if (i < 4)
				*now = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * i)));
			else
				*now = vsha256su1q_u32(vsha256su0q_u32(*now, w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
			sum = vaddq_u32(*now, vld1q_u32(sha256_constants + 4 * i));
			abcd = vsha256hq_u32(abcd, efgh, sum);
			efgh = vsha256h2q_u32(efgh, abcd_now, sum);
		}
		abcd = vaddq_u32(abcd, abcd_before);
		efgh = vaddq_u32(efgh, efgh_before);
	}
	vst1q_u32(state, abcd);
	vst1q_u32(state + 4, efgh);
}

sha256_compress sha256_hardware(void)
{
	return getauxval(AT_HWCAP) & HWCAP_SHA2 ? compress : NULL;
}

#else

sha256_compress sha256_hardware(void)
{
	return NULL;
}
#endif
