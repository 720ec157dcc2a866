/* Logarithm and power of float32, without tables or branches, so that the compiler can do several at once.
 *
 * Both polynomials have the coefficients of S. Moshier's Cephes library (logf, exp2f), which may be used freely: within
 * two units of the last place. Arguments are positive and not subnormal.
 */
#ifndef HUSHBOX_LOGARITHM_H
#define HUSHBOX_LOGARITHM_H

#include "hop.h"

#include <string.h>

#define LOG10_OF_2 0.30102999566398f
#define LOG2_OF_E 1.44269504088896f

/* x = 2 ** exponent * (1 + rest): both, rest from -0.29 to 0.41 */
struct split { float exponent, log_of_rest; };

INLINED struct split split_logarithm(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t exponent = (bits - 0x3f3504f3) >> 23; /* from the square root of a half upwards */
    bits -= exponent * (1 << 23);
    float one_and_rest;
    memcpy(&one_and_rest, &bits, sizeof bits);
    float r = one_and_rest - 1.0f, square = r * r;
    float y = 7.0376836292e-2f;
    y = y * r - 1.1514610310e-1f;
    y = y * r + 1.1676998740e-1f;
    y = y * r - 1.2420140846e-1f;
    y = y * r + 1.4249322787e-1f;
    y = y * r - 1.6668057665e-1f;
    y = y * r + 2.0000714765e-1f;
    y = y * r - 2.4999993993e-1f;
    y = y * r + 3.3333331174e-1f;
    struct split result = {(float)exponent, r + (y * r * square - 0.5f * square)};
    return result;
}

INLINED float log2_of(float x)
{
    struct split s = split_logarithm(x);
    return s.exponent + s.log_of_rest * LOG2_OF_E;
}

INLINED float log10_of(float x)
{
    struct split s = split_logarithm(x);
    return s.exponent * LOG10_OF_2 + s.log_of_rest * (LOG10_OF_2 * LOG2_OF_E);
}

/* 2 ** (coarse + fine). Coarse is a multiple of a power of two, so that taking the whole part off it loses nothing. */
INLINED float exp2_of_sum(float coarse, float fine)
{
    float x = coarse + fine;
    x = x > -126.0f ? x : -126.0f; /* not a number becomes small, too */
    x = x < 126.0f ? x : 126.0f;
    int32_t whole = (int32_t)(x + 128.5f) - 128;
    float f = (coarse - (float)whole) + fine;
    f = f > -1.0f ? f : -1.0f;
    f = f < 1.0f ? f : 1.0f;
    float y = 1.535336188319500e-4f;
    y = y * f + 1.339887440266574e-3f;
    y = y * f + 9.618437357674640e-3f;
    y = y * f + 5.550332471162809e-2f;
    y = y * f + 2.402264791363012e-1f;
    y = y * f + 6.931472028550421e-1f;
    y = y * f + 1.0f;
    int32_t bits = (whole + 127) * (1 << 23);
    float power_of_two;
    memcpy(&power_of_two, &bits, sizeof bits);
    return y * power_of_two;
}

INLINED float exp2_of(float x) { return exp2_of_sum(x, 0.0f); }

INLINED float power_of(float x, float exponent) { return exp2_of(exponent * log2_of(x)); }

#endif
