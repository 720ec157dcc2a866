/* What a denoiser says of a hop, put into effect: dsp.denoise.features, apply() and gains(). */
#include "hop.h"
#include "logarithm.h"

#include <math.h>
#include <string.h>

#define SILENCE 1e-12f
#define FAINTEST 1e-3f
#define NOTHING 1e-30f /* a gain below it is none; its logarithm is defined */

/* Add `from` through the taps. Both (bins,) complex; taps: real parts, then imaginary parts. */
INLINED void add_through(const float *restrict from, const float *restrict taps, long stride, long bins,
                         float *restrict sum)
{
    const float *restrict tr = taps, *restrict ti = taps + stride;
    _Pragma("omp simd") for (long b = 0; b < bins; b++) {
        const float re = from[2 * b], im = from[2 * b + 1];
        sum[2 * b] += re * tr[b] - im * ti[b];
        sum[2 * b + 1] += re * ti[b] + im * tr[b];
    }
}

/* Keep the hop's lowest bins, and set `low` to what the mask's taps make of them and of their past. */
INLINED void filter_low(const struct denoise *d, const float *mask, const float *spectrum, long hop, long fine_hop)
{
    const long channels = d->channels, low = d->low_bins, fine = d->fine_bins;
    const float *fine_taps = mask + 2 * d->taps * low + d->bands->count;
    for (long c = 0; c < channels; c++) {
        const float *from = spectrum + 2 * d->bins * c;
        float *sum = d->low + 2 * low * c;
        memcpy(d->history + 2 * low * (hop * channels + c), from, 2 * (size_t)low * sizeof(float));
        memcpy(d->past + 2 * fine * (fine_hop * channels + c), from, 2 * (size_t)fine * sizeof(float));
        memset(sum, 0, 2 * (size_t)low * sizeof(float));
        for (long t = 0; t < d->taps; t++) {
            const long at = (hop - d->delays[t] + d->history_hops) % d->history_hops;
            add_through(d->history + 2 * low * (at * channels + c), mask + 2 * t * low, low, low, sum);
        }
        for (long t = 0; t < d->fine_taps; t++) {
            const long at = (fine_hop - d->fine_delays[t] + d->past_hops) % d->past_hops;
            add_through(d->past + 2 * fine * (at * channels + c), fine_taps + 2 * t * fine, fine, fine, sum);
        }
    }
}

/* Power of all channels together, which share one gain; of one channel it is there already. */
INLINED const float *all_power(const struct denoise *d)
{
    if (d->channels == 1) return d->power;
    float *restrict sum = d->mean_power;
    memcpy(sum, d->power, (size_t)d->bins * sizeof(float));
    for (long c = 1; c < d->channels; c++)
        for (long i = 0; i < d->bins; i++) sum[i] += d->power[c * d->bins + i];
    return sum;
}

/* How loud the taps leave each low bin, 1 at most. */
INLINED void low_level(const struct denoise *d, const float *restrict power, float *restrict level)
{
    const long low = d->low_bins;
    for (long b = 0; b < low; b++) level[b] = SILENCE;
    for (long c = 0; c < d->channels; c++) {
        const float *restrict from = d->low + 2 * low * c;
        _Pragma("omp simd") for (long b = 0; b < low; b++)
            level[b] += from[2 * b] * from[2 * b] + from[2 * b + 1] * from[2 * b + 1];
    }
    _Pragma("omp simd") for (long b = 0; b < low; b++)
        level[b] = smaller_f(sqrtf(level[b] / (power[b] + SILENCE)), 1.0f);
}

INLINED float energy(const float *restrict values, long count)
{
    float sum = 0.0f;
    _Pragma("omp simd reduction(+ : sum)") for (long i = 0; i < count; i++) sum += values[i] * values[i];
    return sum;
}

/* What is heard and what the mask keeps, by channel and band: for dsp.denoise.telling. gains: of the high bins. */
INLINED void tell(const struct denoise *d, const float *restrict gains)
{
    const long low = d->low_bins;
    for (long c = 0; c < d->channels; c++) {
        const float *restrict power = d->power + c * d->bins, *restrict in_low = d->low + 2 * low * c;
        float *told = d->told + 2 * TOLD_BANDS * c;
        for (long k = 0; k < TOLD_BANDS; k++) {
            const long first = d->told_edges[k], last = d->told_edges[k + 1], turn = smaller(last, low);
            float heard = 0.0f, kept = 0.0f;
            _Pragma("omp simd reduction(+ : heard)") for (long b = first; b < last; b++) heard += power[b];
            _Pragma("omp simd reduction(+ : kept)") for (long b = 2 * first; b < 2 * turn; b++)
                kept += in_low[b] * in_low[b];
            _Pragma("omp simd reduction(+ : kept)") for (long b = first > low ? first : low; b < last; b++)
                kept += power[b] * gains[b - low] * gains[b - low];
            told[k] = heard;
            told[TOLD_BANDS + k] = kept;
        }
    }
}

static double in_db(double before, double after) { return 10.0 * log10((before + 1e-12) / (after + 1e-12)); }

/* Filter the spectrum (channels, bins) in place; return by how many dB it went down. dry: the share that stays. */
VECTORISED
double denoise_apply(const struct denoise *d, const float *mask, float *restrict spectrum, long hop, long fine_hop,
                     float dry, float exponent)
{
    const long bins = d->bins, low = d->low_bins, channels = d->channels;
    const float wet = 1.0f - dry;
    const double before = energy(spectrum, 2 * channels * bins);
    filter_low(d, mask, spectrum, hop, fine_hop);
    float *restrict level = d->level, *restrict gains = d->level + low;
    bands_spread(d->bands, mask + 2 * d->taps * low, gains);
    tell(d, gains);
    if (exponent != 1.0f) {
        low_level(d, all_power(d), level);
        _Pragma("omp simd") for (long b = 0; b < low; b++)
            level[b] = power_of(larger_f(level[b], FAINTEST), exponent - 1.0f);
        _Pragma("omp simd") for (long b = low; b < bins; b++)
            level[b] = power_of(larger_f(level[b], NOTHING), exponent);
    } else {
        for (long b = 0; b < low; b++) level[b] = 1.0f;
    }
    _Pragma("omp simd") for (long b = 0; b < low; b++) level[b] *= wet;
    _Pragma("omp simd") for (long b = low; b < bins; b++) level[b] = level[b] * wet + dry;
    for (long c = 0; c < channels; c++) {
        float *restrict to = spectrum + 2 * bins * c;
        const float *restrict from = d->low + 2 * low * c;
        _Pragma("omp simd") for (long b = 0; b < low; b++) {
            to[2 * b] = from[2 * b] * level[b] + to[2 * b] * dry;
            to[2 * b + 1] = from[2 * b + 1] * level[b] + to[2 * b + 1] * dry;
        }
        _Pragma("omp simd") for (long b = low; b < bins; b++) {
            to[2 * b] *= level[b];
            to[2 * b + 1] *= level[b];
        }
    }
    return in_db(before, energy(spectrum, 2 * channels * bins));
}

/* Set `level` to what the mask does to each bin, 1 at most. Return the dB by which it goes down, as above. */
VECTORISED
double denoise_gains(const struct denoise *d, const float *mask, const float *spectrum, long hop, long fine_hop,
                     float dry, float exponent)
{
    const long bins = d->bins, low = d->low_bins;
    filter_low(d, mask, spectrum, hop, fine_hop);
    const float *restrict power = all_power(d);
    float *restrict level = d->level;
    low_level(d, power, level);
    bands_spread(d->bands, mask + 2 * d->taps * low, level + low);
    _Pragma("omp simd") for (long b = low; b < bins; b++) level[b] = smaller_f(level[b], 1.0f);
    tell(d, level + low);
    if (exponent != 1.0f)
        _Pragma("omp simd") for (long b = 0; b < bins; b++)
            level[b] = power_of(larger_f(level[b], NOTHING), exponent);
    const float wet = 1.0f - dry;
    float before = 0.0f, after = 0.0f;
    _Pragma("omp simd reduction(+ : before, after)") for (long b = 0; b < bins; b++) {
        const float share = dry + wet * level[b];
        before += power[b];
        after += power[b] * share * share;
    }
    return in_db(before, after);
}
