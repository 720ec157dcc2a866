/* What a denoiser sees of a hop: dsp.denoise.features, dsp.denoise.fine and dsp.denoise.sides. */
#include "hop.h"
#include "logarithm.h"

#include <math.h>

#define POWER_FLOOR 1e-9f
#define LOG_OFFSET 3.0f
#define LOG_SCALE (1.0f / 3.0f)
#define CHUNK 8
#define MOST_PLACES 9

INLINED float as_feature(float power)
{
    return (log10_of(power + POWER_FLOOR) + LOG_OFFSET) * LOG_SCALE;
}

/* (power + floor) ** -0.35. -0.35 = -11 / 32 - 0.00625: the exponent times the first part is exact. */
INLINED float squeeze(float power)
{
    struct split s = split_logarithm(power + POWER_FLOOR);
    return exp2_of_sum(s.exponent * -0.34375f, s.exponent * -0.00625f + s.log_of_rest * (-0.35f * LOG2_OF_E));
}

/* Keep this hop's lowest bins, turned to stand still; then their power at each place, the mean of all channels.
 *
 * Places lie in pairs around the middle, and the weights of a pair are conjugate: a pair is (a + ib, a - ib) where a
 * and b are sums with real weights, half the work of complex ones.
 */
INLINED void look(const struct denoise *d, const float *spectrum, long looked, const long pairs, float *restrict out)
{
    const long channels = d->channels, bins = d->fine_bins, past = d->past_hops, width = 2 * channels * bins;
    const long at = looked % past;
    const float *restrict turn = d->standstill + looked % d->period * 2 * bins;
    float *restrict first = d->still + at * width, *restrict second = d->still + (at + past) * width;
    for (long c = 0; c < channels; c++) {
        const float *restrict from = spectrum + 2 * d->bins * c;
        _Pragma("omp simd") for (long b = 0; b < bins; b++) {
            const float re = from[2 * b] * turn[2 * b] - from[2 * b + 1] * turn[2 * b + 1];
            const float im = from[2 * b] * turn[2 * b + 1] + from[2 * b + 1] * turn[2 * b];
            first[2 * (bins * c + b)] = second[2 * (bins * c + b)] = re;
            first[2 * (bins * c + b) + 1] = second[2 * (bins * c + b) + 1] = im;
        }
    }
    for (long i = 0; i < d->places * bins; i++) out[i] = 0.0f;
    const float *restrict rows = d->still + (at + 1) * width;
    const float share = 1.0f / (float)channels;
    for (long x = 0; x < width; x += CHUNK) {
        float a[MOST_PLACES / 2 + 1][CHUNK] = {{0}}, s[MOST_PLACES / 2 + 1][CHUNK] = {{0}};
        for (long h = 0; h < past; h++) {
            const float *restrict row = rows + h * width + x;
            for (long i = 0; i < CHUNK; i++) a[0][i] += d->cosines[h] * row[i];
        }
        for (long p = 1; p <= pairs; p++) {
            const float *restrict cosines = d->cosines + p * past, *restrict sines = d->sines + (p - 1) * past;
            for (long h = 0; h < past; h++) {
                const float *restrict row = rows + h * width + x;
                for (long i = 0; i < CHUNK; i++) a[p][i] += cosines[h] * row[i];
                for (long i = 0; i < CHUNK; i++) s[p][i] += sines[h] * row[i];
            }
        }
        const long bin = x / 2 % bins;
        for (long i = 0; i < CHUNK / 2; i++) {
            out[pairs * bins + bin + i] += share * (a[0][2 * i] * a[0][2 * i] + a[0][2 * i + 1] * a[0][2 * i + 1]);
            for (long p = 1; p <= pairs; p++) {
                const float up_re = a[p][2 * i] - s[p][2 * i + 1], up_im = a[p][2 * i + 1] + s[p][2 * i];
                const float down_re = a[p][2 * i] + s[p][2 * i + 1], down_im = a[p][2 * i + 1] - s[p][2 * i];
                out[(pairs + p) * bins + bin + i] += share * (up_re * up_re + up_im * up_im);
                out[(pairs - p) * bins + bin + i] += share * (down_re * down_re + down_im * down_im);
            }
        }
    }
}

/* spectrum: (channels, bins). looked: hops before this one. Of several channels `mid` has been set by sides_mean. */
VECTORISED
void denoise_features(const struct denoise *d, const float *restrict spectrum, long looked, float keep_room,
                      float sensitivity)
{
    const long bins = d->bins, low = d->low_bins, bands = low + d->bands->count, channels = d->channels;
    float *restrict power = d->power;
    _Pragma("omp simd") for (long i = 0; i < channels * bins; i++)
        power[i] = spectrum[2 * i] * spectrum[2 * i] + spectrum[2 * i + 1] * spectrum[2 * i + 1];
    const float *restrict mean = power, *restrict mid = spectrum;
    if (channels > 1) {
        float *restrict sum = d->mean_power;
        const float share = 1.0f / (float)channels;
        for (long i = 0; i < bins; i++) sum[i] = share * power[i];
        for (long c = 1; c < channels; c++)
            for (long i = 0; i < bins; i++) sum[i] += share * power[c * bins + i];
        mean = sum;
        mid = d->mid;
    }
    float *restrict log = d->features, *restrict re = log + bands, *restrict im = re + low;
    bands_average(d->bands, mean + low, log + low);
    _Pragma("omp simd") for (long b = 0; b < low; b++) {
        const float factor = squeeze(mean[b]);
        re[b] = mid[2 * b] * factor;
        im[b] = mid[2 * b + 1] * factor;
        log[b] = as_feature(mean[b]);
    }
    _Pragma("omp simd") for (long b = low; b < bands; b++) log[b] = as_feature(log[b]);
    float *restrict after = im + low, *restrict places = after + 2;
    after[0] = keep_room;
    after[1] = sensitivity;
    if (d->places == 5) /* both layouts: the compiler then keeps the sums in registers */
        look(d, spectrum, looked, 2, places);
    else
        look(d, spectrum, looked, d->places / 2, places);
    _Pragma("omp simd") for (long i = 0; i < d->places * d->fine_bins; i++) places[i] = as_feature(places[i]);
}

INLINED float real_dot(const float *restrict a, const float *restrict b, long count)
{
    float sum = 0.0f;
    _Pragma("omp simd reduction(+ : sum)") for (long i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/* The mean of all channels, each turned to the first one's polarity. row: floats from a channel to the next. */
VECTORISED
void sides_mean(const struct sides *s, const float *spectrum, long row, double newest, double opposed)
{
    const long first = 2 * s->first_bin, count = 2 * s->bins - first;
    const double power = real_dot(spectrum + first, spectrum + first, count);
    float *restrict mid = s->mid;
    for (long i = 0; i < 2 * s->bins; i++) mid[i] = spectrum[i] * s->signs[0];
    for (long side = 1; side < s->channels; side++) {
        const float *restrict other = spectrum + row * side;
        const double agreement = (double)real_dot(spectrum + first, other + first, count) * s->signs[side];
        const double level = sqrt(power * (double)real_dot(other + first, other + first, count));
        s->agreement[side] += newest * (agreement - s->agreement[side]);
        s->level[side] += newest * (level - s->level[side]);
        if (s->agreement[side] < opposed * s->level[side]) {
            s->signs[side] = -s->signs[side];
            s->agreement[side] = -s->agreement[side];
        }
        const float sign = s->signs[side];
        for (long i = 0; i < 2 * s->bins; i++) mid[i] += sign * other[i];
    }
    const float share = 1.0f / (float)s->channels;
    for (long i = 0; i < 2 * s->bins; i++) mid[i] *= share;
}
