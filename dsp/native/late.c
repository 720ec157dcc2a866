/* Late echo, estimated from the past of each bin: dsp.restore.late_reverb. */
#include "hop.h"

#include <math.h>

#define FAINTEST 1e-9f

/* Renew each band's smallest shares, where its sound has fallen. */
static void learn(const struct late *s, const float *restrict power)
{
    const struct late_rules *r = s->rules;
    for (long k = 0; k < s->bands; k++) {
        const long first = s->edges[k], last = s->edges[k + 1];
        const float width = 1.0f / (float)(last - first);
        float sum = 0.0f, *now = s->in_bands + k, *peak = s->in_bands + s->bands + k;
        _Pragma("omp simd reduction(+ : sum)") for (long b = first; b < last; b++) sum += power[b];
        *now += r->band * (sum * width - *now);
        *peak = larger_f(*peak * r->peak_fall, *now);
        if (!(*now < r->fallen * *peak)) continue;
        float sums[MOST_DECAYS];
        int shows = 1;
        for (long d = 0; d < s->decays; d++) {
            const float *restrict of_bins = s->sums + d * s->bins;
            float total = 0.0f;
            _Pragma("omp simd reduction(+ : total)") for (long b = first; b < last; b++) total += of_bins[b];
            sums[d] = total * width;
            shows = shows && sums[d] > FAINTEST;
        }
        if (!shows) continue;
        for (long d = 0; d < s->decays; d++) {
            float *held = s->shares + d * s->bands + k;
            const float share = *now / sums[d];
            const float next = share < *held ? *held + r->learn * (share - *held)
                                             : smaller_f(*held + r->forget * (*held + 1e-3f), share);
            *held = smaller_f(next, r->most_share);
        }
    }
}

INLINED float of_three(const float *values, long b, long bins)
{
    return (values[b] + (b ? values[b - 1] : 0.0f) + (b + 1 < bins ? values[b + 1] : 0.0f)) * (1.0f / 3.0f);
}

/* Set `gains` for a hop. spectrum: (channels, bins). at: where the past of so many hops ago lies. */
VECTORISED
void late_follow(const struct late *s, const float *restrict spectrum, long at, float floor)
{
    const struct late_rules *r = s->rules;
    const long bins = s->bins;
    float *restrict power = s->work, *restrict late = power + bins;
    float *restrict level = s->level, *restrict past = s->past + at * bins;
    for (long b = 0; b < bins; b++) power[b] = 0.0f;
    for (long c = 0; c < s->channels; c++) {
        const float *restrict from = spectrum + 2 * bins * c;
        _Pragma("omp simd") for (long b = 0; b < bins; b++)
            power[b] += from[2 * b] * from[2 * b] + from[2 * b + 1] * from[2 * b + 1];
    }
    _Pragma("omp simd") for (long b = 0; b < bins; b++) level[b] += r->present * (power[b] - level[b]);
    for (long d = 0; d < s->decays; d++) {
        float *restrict sums = s->sums + d * bins;
        const float newest = 1.0f - s->decay[d];
        _Pragma("omp simd") for (long b = 0; b < bins; b++) sums[b] += newest * (past[b] - sums[b]);
    }
    for (long b = 0; b < bins; b++) past[b] = level[b];
    learn(s, power);
    for (long k = 0; k < s->bands; k++) {
        for (long b = s->edges[k]; b < s->edges[k + 1]; b++) late[b] = s->shares[k] * s->sums[b];
        for (long d = 1; d < s->decays; d++) {
            const float share = s->shares[d * s->bands + k];
            const float *restrict sums = s->sums + d * bins;
            _Pragma("omp simd") for (long b = s->edges[k]; b < s->edges[k + 1]; b++)
                late[b] = larger_f(share * sums[b], late[b]);
        }
    }
    float before = 0.0f, after = 0.0f, echo = 0.0f;
    const float steep = r->steepness / (1.0f - r->knee);
    for (long b = 0; b < bins; b++) {
        const float share = of_three(late, b, bins) / (of_three(level, b, bins) + FAINTEST * 1e-3f);
        const float left = larger_f(1.0f - steep * larger_f(share - r->knee, 0.0f), floor);
        s->gains[b] = sqrtf(left);
        before += power[b];
        after += power[b] * left;
        echo += power[b] * smaller_f(share, 1.0f);
    }
    s->told[0] = before;
    s->told[1] = after;
    s->told[2] = echo;
}
