/* Fourier transform of real sound: half as many complex values, then one pass that takes the two halves apart.
 *
 * Stockham's passes of radix 4, 2, 3 and 5 sort as they go, and real and imaginary parts lie apart, so that the inner
 * loops are plain ones over neighbours. Source: P. Swarztrauber, "FFT algorithms for vector computers", Parallel
 * Computing 1, 1984.
 */
#include "hop.h"

struct pass {
    long m, s; /* butterflies of different twiddles, and neighbours that share one */
    const float *twiddles;
    const float *xr, *xi;
    float *yr, *yi;
};

/* b = a * (wr + i wi), stored */
#define TURNED(k, br, bi)                                              \
    yr[s * (k)] = (br) * w[2 * (k) - 2] - (bi) * w[2 * (k) - 1];       \
    yi[s * (k)] = (br) * w[2 * (k) - 1] + (bi) * w[2 * (k) - 2]

INLINED void butterfly4(const float *restrict xr, const float *restrict xi, float *restrict yr, float *restrict yi,
                        long step, long s, const float w[6])
{
    float a0r = xr[0], a1r = xr[step], a2r = xr[2 * step], a3r = xr[3 * step];
    float a0i = xi[0], a1i = xi[step], a2i = xi[2 * step], a3i = xi[3 * step];
    float sr = a0r + a2r, si = a0i + a2i, dr = a0r - a2r, di = a0i - a2i;
    float tr = a1r + a3r, ti = a1i + a3i, ur = a1r - a3r, ui = a1i - a3i;
    yr[0] = sr + tr;
    yi[0] = si + ti;
    TURNED(1, dr + ui, di - ur);
    TURNED(2, sr - tr, si - ti);
    TURNED(3, dr - ui, di + ur);
}

INLINED void butterfly2(const float *restrict xr, const float *restrict xi, float *restrict yr, float *restrict yi,
                        long step, long s, const float w[2])
{
    float dr = xr[0] - xr[step], di = xi[0] - xi[step];
    yr[0] = xr[0] + xr[step];
    yi[0] = xi[0] + xi[step];
    TURNED(1, dr, di);
}

INLINED void butterfly3(const float *restrict xr, const float *restrict xi, float *restrict yr, float *restrict yi,
                        long step, long s, const float w[4])
{
    const float sine = 0.86602540378444f;
    float tr = xr[step] + xr[2 * step], ti = xi[step] + xi[2 * step];
    float ur = sine * (xr[step] - xr[2 * step]), ui = sine * (xi[step] - xi[2 * step]);
    float mr = xr[0] - 0.5f * tr, mi = xi[0] - 0.5f * ti;
    yr[0] = xr[0] + tr;
    yi[0] = xi[0] + ti;
    TURNED(1, mr + ui, mi - ur);
    TURNED(2, mr - ui, mi + ur);
}

INLINED void butterfly5(const float *restrict xr, const float *restrict xi, float *restrict yr, float *restrict yi,
                        long step, long s, const float w[8])
{
    const float c1 = 0.30901699437495f, c2 = -0.80901699437495f, s1 = 0.95105651629515f, s2 = 0.58778525229247f;
    float t1r = xr[step] + xr[4 * step], t1i = xi[step] + xi[4 * step];
    float t2r = xr[2 * step] + xr[3 * step], t2i = xi[2 * step] + xi[3 * step];
    float u1r = xr[step] - xr[4 * step], u1i = xi[step] - xi[4 * step];
    float u2r = xr[2 * step] - xr[3 * step], u2i = xi[2 * step] - xi[3 * step];
    float m1r = xr[0] + c1 * t1r + c2 * t2r, m1i = xi[0] + c1 * t1i + c2 * t2i;
    float m2r = xr[0] + c2 * t1r + c1 * t2r, m2i = xi[0] + c2 * t1i + c1 * t2i;
    float n1r = s1 * u1r + s2 * u2r, n1i = s1 * u1i + s2 * u2i;
    float n2r = s2 * u1r - s1 * u2r, n2i = s2 * u1i - s1 * u2i;
    yr[0] = xr[0] + t1r + t2r;
    yi[0] = xi[0] + t1i + t2i;
    TURNED(1, m1r + n1i, m1i - n1r);
    TURNED(2, m2r + n2i, m2i - n2r);
    TURNED(3, m2r - n2i, m2i + n2r);
    TURNED(4, m1r - n1i, m1i + n1r);
}

/* One pass of `radix`. With a stride of 1 the loop runs over the butterflies, else over the neighbours. */
#define PASS(radix, stride)                                                                                        \
    do {                                                                                                           \
        const long m = p.m, s = (stride);                                                                          \
        const float *restrict xr = p.xr, *restrict xi = p.xi, *restrict t = p.twiddles;                            \
        float *restrict yr = p.yr, *restrict yi = p.yi;                                                            \
        if (s == 1) {                                                                                              \
            _Pragma("omp simd") for (long j = 0; j < m; j++) {                                                     \
                float w[2 * (radix) - 2];                                                                          \
                for (int k = 0; k < 2 * (radix) - 2; k++) w[k] = t[k * m + j];                                     \
                butterfly##radix(xr + j, xi + j, yr + (radix) * j, yi + (radix) * j, m, 1, w);                     \
            }                                                                                                      \
        } else {                                                                                                   \
            for (long j = 0; j < m; j++) {                                                                         \
                float w[2 * (radix) - 2];                                                                          \
                for (int k = 0; k < 2 * (radix) - 2; k++) w[k] = t[k * m + j];                                     \
                const long in = s * j, out = s * (radix) * j;                                                      \
                _Pragma("omp simd") for (long q = 0; q < s; q++)                                                   \
                    butterfly##radix(xr + in + q, xi + in + q, yr + out + q, yi + out + q, s * m, s, w);           \
            }                                                                                                      \
        }                                                                                                          \
    } while (0)

INLINED void one_pass(struct pass p, long radix)
{
    switch (radix) {
    case 4:
        if (p.s == 1)
            PASS(4, 1);
        else if (p.s == 4)
            PASS(4, 4);
        else if (p.s == 16)
            PASS(4, 16);
        else
            PASS(4, p.s);
        break;
    case 2: PASS(2, p.s); break;
    case 3: PASS(3, p.s); break;
    case 5: PASS(5, p.s); break;
    }
}

/* From the first half of `work`, real parts then imaginary ones; the result is where the returned ones point to. With
 * the two swapped, before and after, it is the inverse transform times its length. */
VECTORISED
static struct halves complex_transform(const struct transform *t, int swapped)
{
    const long half = t->frames / 2;
    float *x[2] = {t->work, t->work + half}, *y[2] = {t->work + 2 * half, t->work + 3 * half};
    const float *twiddles = t->twiddles;
    long n = half, s = 1;
    for (long i = 0; i < t->passes; i++) {
        const long radix = t->radices[i], m = n / radix;
        struct pass p = {m, s, twiddles, x[swapped], x[!swapped], y[swapped], y[!swapped]};
        one_pass(p, radix);
        twiddles += 2 * (radix - 1) * m;
        n = m;
        s *= radix;
        for (int part = 0; part < 2; part++) {
            float *other = x[part];
            x[part] = y[part];
            y[part] = other;
        }
    }
    struct halves result = {x[0], x[1]};
    return result;
}

/* How many twiddles the passes read; 0 where the passes do not fit the length. */
long transform_twiddles(const struct transform *t)
{
    long n = t->frames / 2, count = 0;
    if (t->frames < 4 || t->frames % 2) return 0;
    for (long i = 0; i < t->passes; i++) {
        const long radix = t->radices[i];
        if (radix < 2 || radix > 5 || n % radix) return 0;
        n /= radix;
        count += 2 * (radix - 1) * n;
    }
    return n == 1 ? count : 0;
}

/* wave: frames; window: frames, or NULL; spectrum: frames / 2 + 1 complex values. */
VECTORISED
void transform_forward(const struct transform *t, const float *restrict wave, const float *restrict window,
                       float *restrict spectrum)
{
    const long half = t->frames / 2;
    float *restrict even = t->work, *restrict odd = t->work + half;
    if (window) {
        _Pragma("omp simd") for (long i = 0; i < half; i++) {
            even[i] = wave[2 * i] * window[2 * i];
            odd[i] = wave[2 * i + 1] * window[2 * i + 1];
        }
    } else {
        _Pragma("omp simd") for (long i = 0; i < half; i++) {
            even[i] = wave[2 * i];
            odd[i] = wave[2 * i + 1];
        }
    }
    struct halves z = complex_transform(t, 0);
    const float *restrict zr = z.even, *restrict zi = z.odd;
    const float *restrict cosines = t->turns, *restrict sines = t->turns + half + 1;
    spectrum[0] = zr[0] + zi[0];
    spectrum[1] = 0.0f;
    spectrum[2 * half] = zr[0] - zi[0];
    spectrum[2 * half + 1] = 0.0f;
    _Pragma("omp simd") for (long k = 1; k < half; k++) {
        const float er = 0.5f * (zr[k] + zr[half - k]), ei = 0.5f * (zi[k] - zi[half - k]);
        const float or = 0.5f * (zi[k] + zi[half - k]), oi = 0.5f * (zr[half - k] - zr[k]);
        spectrum[2 * k] = er + cosines[k] * or - sines[k] * oi;
        spectrum[2 * k + 1] = ei + cosines[k] * oi + sines[k] * or;
    }
}

/* spectrum: frames / 2 + 1 complex values; the imaginary parts of the first and the last count for nothing. */
VECTORISED
struct halves transform_inverse(const struct transform *t, const float *restrict spectrum)
{
    const long half = t->frames / 2;
    const float share = 0.5f / (float)half;
    float *restrict zr = t->work, *restrict zi = t->work + half;
    const float *restrict cosines = t->turns, *restrict sines = t->turns + half + 1;
    zr[0] = share * (spectrum[0] + spectrum[2 * half]);
    zi[0] = share * (spectrum[0] - spectrum[2 * half]);
    _Pragma("omp simd") for (long k = 1; k < half; k++) {
        const float ar = spectrum[2 * k], ai = spectrum[2 * k + 1];
        const float br = spectrum[2 * (half - k)], bi = spectrum[2 * (half - k) + 1];
        const float dr = ar - br, di = ai + bi;
        zr[k] = share * (ar + br - (di * cosines[k] - dr * sines[k]));
        zi[k] = share * (ai - bi + (dr * cosines[k] + di * sines[k]));
    }
    return complex_transform(t, 1);
}
