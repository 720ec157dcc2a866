/* What the stem separator sees and says: dsp.stems.features. Power and gains are as dsp.stems.separator uses them. */
#include "hop.h"
#include "logarithm.h"

#include <string.h>

#define POWER_FLOOR 1e-6f
#define RELATIVE_FLOOR 1e-6f
#define LOG_OFFSET 2.0f
#define LOG_SCALE 0.5f

INLINED void powers(const struct stems *s, const float *restrict spectrum)
{
    float *restrict power = s->power;
    _Pragma("omp simd") for (long i = 0; i < s->channels * s->bins; i++)
        power[i] = spectrum[2 * i] * spectrum[2 * i] + spectrum[2 * i + 1] * spectrum[2 * i + 1];
}

INLINED void into_bands(const struct stems *s, const float *bins, float *bands)
{
    memcpy(bands, bins, (size_t)s->low_bins * sizeof(float));
    bands_average(s->bands, bins + s->low_bins, bands + s->low_bins);
}

/* Return the level, moved by `share` towards this hop's. aligned: spectrum, or both sides in time and of one polarity. */
VECTORISED
double stems_features(const struct stems *s, const float *restrict spectrum, const float *restrict aligned, double level,
                      double share)
{
    const long bins = s->bins, bands = s->low_bins + s->bands->count;
    float *restrict mean = s->in_bins, *restrict difference = mean + bins, *restrict cross = difference + bins;
    float *restrict compared = cross + bins;
    const float *restrict left = s->power, *restrict right = s->power + bins;
    powers(s, spectrum);
    if (s->channels == 1) {
        memcpy(mean, left, (size_t)bins * sizeof(float));
        memcpy(cross, left, (size_t)bins * sizeof(float));
        memcpy(compared, left, (size_t)bins * sizeof(float));
        memset(difference, 0, (size_t)bins * sizeof(float));
    } else {
        _Pragma("omp simd") for (long i = 0; i < bins; i++) mean[i] = 0.5f * (left[i] + right[i]);
        if (aligned != spectrum) powers(s, aligned);
        const float *restrict a = aligned, *restrict b = aligned + 2 * bins;
        _Pragma("omp simd") for (long i = 0; i < bins; i++) {
            compared[i] = 0.5f * (left[i] + right[i]);
            difference[i] = 0.5f * (left[i] - right[i]);
            cross[i] = a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
        }
    }
    float sum = 0.0f;
    _Pragma("omp simd reduction(+ : sum)") for (long i = 0; i < bins; i++) sum += mean[i];
    level += ((double)sum / (double)bins - level) * share;
    float *restrict in_bands = s->in_bands;
    for (long row = 0; row < 4; row++) into_bands(s, s->in_bins + row * bins, in_bands + row * bands);
    const float louder = 1.0f / ((float)level + POWER_FLOOR);
    float *restrict log = s->features, *restrict balance = log + bands, *restrict coherence = balance + bands;
    _Pragma("omp simd") for (long b = 0; b < bands; b++) {
        const float both = in_bands[3 * bands + b] + POWER_FLOOR;
        balance[b] = in_bands[bands + b] / both;
        coherence[b] = in_bands[2 * bands + b] / both;
        log[b] = (log10_of(in_bands[b] * louder + RELATIVE_FLOOR) + LOG_OFFSET) * LOG_SCALE;
    }
    return level;
}

/* Gains of each stem, the last one's being what no other claims. mask: (claimed, 2, bands). */
VECTORISED
void stems_masks(const struct stems *s, const float *mask)
{
    const long bins = s->bins, bands = s->low_bins + s->bands->count, low = s->low_bins, channels = s->channels;
    float *restrict rest = s->gains + s->claimed * channels * bins;
    for (long i = 0; i < channels * bins; i++) rest[i] = 1.0f;
    for (long stem = 0; stem < s->claimed; stem++) {
        for (long c = 0; c < channels; c++) {
            const float *restrict from = mask + (2 * stem + c) * bands;
            float *restrict share = s->shares, *restrict to = s->gains + (stem * channels + c) * bins;
            if (channels == 1)
                for (long b = 0; b < bands; b++) share[b] = 0.5f * (from[b] + from[bands + b]);
            else
                memcpy(share, from, (size_t)bands * sizeof(float));
            memcpy(to, share, (size_t)low * sizeof(float));
            bands_spread(s->bands, share + low, to + low);
            for (long i = 0; i < bins; i++) rest[c * bins + i] -= to[i];
        }
    }
}

/* mixed: the spectrum with each stem at its level. energy: of each stem before that, added up; (claimed + 1,). */
VECTORISED
void stems_mix(const struct stems *s, const float *restrict spectrum, const float *restrict levels,
               float *restrict mixed, float *restrict energy)
{
    const long count = s->channels * s->bins, stems = s->claimed + 1;
    powers(s, spectrum);
    float *restrict gain = s->in_bins;
    const float *restrict power = s->power;
    for (long i = 0; i < count; i++) gain[i] = 0.0f;
    for (long stem = 0; stem < stems; stem++) {
        const float *restrict gains = s->gains + stem * count;
        const float level = levels[stem];
        double sum = 0.0;
        _Pragma("omp simd reduction(+ : sum)") for (long i = 0; i < count; i++) {
            gain[i] += level * gains[i];
            sum += (double)(gains[i] * gains[i] * power[i]);
        }
        energy[stem] += (float)sum;
    }
    _Pragma("omp simd") for (long i = 0; i < count; i++) {
        mixed[2 * i] = spectrum[2 * i] * gain[i];
        mixed[2 * i + 1] = spectrum[2 * i + 1] * gain[i];
    }
}
