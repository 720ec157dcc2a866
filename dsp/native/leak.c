/* Music that leaks into a microphone, foreseen by a filter in partitions that learns: dsp.restore.bleed_path. */
#include "hop.h"

#include <string.h>

INLINED const float *spectrum(const float *spectra, long row, long partitions, long newest, long p)
{
    return spectra + row * ((newest + p) % partitions);
}

/* out += the sum over partitions first <= p < last, and columns, of weights times spectra. */
VECTORISED
void paths_sum(const struct paths *s, long first, long last, long newest, float *restrict out)
{
    const long row = 2 * s->columns * s->bins;
    for (long p = first; p < last; p++) {
        const float *restrict x = spectrum(s->spectra, row, s->partitions, newest, p);
        const float *restrict w = s->weights + row * p;
        for (long c = 0; c < s->columns; c++, x += 2 * s->bins, w += 2 * s->bins)
            _Pragma("omp simd") for (long k = 0; k < s->bins; k++) {
                out[2 * k] += w[2 * k] * x[2 * k] - w[2 * k + 1] * x[2 * k + 1];
                out[2 * k + 1] += w[2 * k] * x[2 * k + 1] + w[2 * k + 1] * x[2 * k];
            }
    }
}

/* What is not known grows with time; then what it may change in the sound, and what the weights foresee. */
VECTORISED
void learner_foresee(const struct learner *s, long first, long last, long newest, float kept, float found)
{
    const long row = s->columns * s->bins, bins = s->bins;
    float *restrict foreseen = s->foreseen, *restrict power = s->power;
    for (long p = first; p < last; p++) {
        const float *restrict x = spectrum(s->spectra, 2 * row, s->partitions, newest, p);
        const float *restrict w = s->weights + 2 * row * p;
        float *restrict unsure = s->unsure + row * p;
        for (long c = 0; c < s->columns; c++, x += 2 * bins, w += 2 * bins, unsure += bins)
            _Pragma("omp simd") for (long k = 0; k < bins; k++) {
                const float xr = x[2 * k], xi = x[2 * k + 1], wr = w[2 * k], wi = w[2 * k + 1];
                const float left = kept * unsure[k] + found * (wr * wr + wi * wi);
                unsure[k] = left;
                power[k] += left * (xr * xr + xi * xi);
                foreseen[2 * k] += wr * xr - wi * xi;
                foreseen[2 * k + 1] += wr * xi + wi * xr;
            }
    }
}

/* Kalman's step: share is 1 / (power + the voice's power), error what was not foreseen, times share. */
VECTORISED
void learner_learn(const struct learner *s, long first, long last, long newest)
{
    const long row = s->columns * s->bins, bins = s->bins;
    const float *restrict share = s->share, *restrict error = s->error;
    for (long p = first; p < last; p++) {
        const float *restrict x = spectrum(s->spectra, 2 * row, s->partitions, newest, p);
        float *restrict w = s->weights + 2 * row * p, *restrict unsure = s->unsure + row * p;
        for (long c = 0; c < s->columns; c++, x += 2 * bins, w += 2 * bins, unsure += bins)
            _Pragma("omp simd") for (long k = 0; k < bins; k++) {
                const float xr = x[2 * k], xi = x[2 * k + 1], er = error[2 * k], ei = error[2 * k + 1], u = unsure[k];
                w[2 * k] += u * (xr * er + xi * ei);
                w[2 * k + 1] += u * (xr * ei - xi * er);
                unsure[k] = u * (1.0f - 0.5f * u * (xr * xr + xi * xi) * share[k]);
            }
    }
}

/* Each value and a share of the sum before it. Return the last. */
float lean(float *values, long count, float kept, float last)
{
    for (long i = 0; i < count; i++) values[i] = last = values[i] + kept * last;
    return last;
}
