/* Peaks between the samples, held under a ceiling: dsp.effects.true_peak. */
#include "hop.h"
#include "logarithm.h"

#include <math.h>
#include <string.h>

#define CHUNK 128
#define DB_OF_LOG2 6.02059991328f
#define NOTHING_DB 1e-6

/* Largest size of each frame, the places behind it included. */
INLINED void find(const struct peak_arrays *a, long channels, long start, long frames, float *restrict largest)
{
    const long row = PEAK_HISTORY + a->most;
    for (long i = 0; i < CHUNK; i++) largest[i] = 1e-9f;
    for (long c = 0; c < channels; c++) {
        const float *newest = a->past + c * row + PEAK_HISTORY + start;
        for (long p = 0; p < PEAK_BETWEEN; p++) {
            const float *taps = a->taps + p * PEAK_TAPS;
            float sum[CHUNK] = {0};
            for (long t = 0; t < PEAK_TAPS; t++) {
                const float tap = taps[t], *x = newest - t;
                for (long i = 0; i < frames; i++) sum[i] += tap * x[i];
            }
            for (long i = 0; i < frames; i++) largest[i] = larger_f(fabsf(sum[i]), largest[i]);
        }
        for (long i = 0; i < frames; i++) largest[i] = larger_f(fabsf(newest[i - PEAK_TAPS / 2]), largest[i]);
    }
}

INLINED double most_held(const struct true_peak *s)
{
    double most = 0.0;
    for (int i = 0; i < PEAK_HELD; i++) most = s->held[i] > most ? s->held[i] : most;
    return most;
}

/* Up at once, held, then down. */
INLINED void go_on(struct true_peak *s, double *needs, long frames)
{
    double held = most_held(s);
    for (long i = 0; i < frames; i++) {
        s->in_step = needs[i] > s->in_step ? needs[i] : s->in_step;
        double next = s->reduction - s->fall;
        next = s->in_step > next ? s->in_step : next;
        next = held > next ? held : next;
        s->reduction = next < NOTHING_DB ? 0.0 : next;
        needs[i] = s->reduction;
        s->done += 1.0;
        if (s->done >= PEAK_STEP) {
            s->held[(int)s->at] = s->in_step;
            s->at = s->at + 1.0 < PEAK_HELD ? s->at + 1.0 : 0.0;
            s->in_step = s->done = 0.0;
            held = most_held(s);
        }
    }
}

VECTORISED
void limit_true(struct rows block, const struct peak_arrays *a, struct true_peak *s)
{
    const long row = PEAK_HISTORY + a->most, frames = block.frames;
    mend(block, a->loudest);
    float most = 0.0f;
    for (long c = 0; c < block.channels; c++) {
        float *past = a->past + c * row, *to = past + PEAK_HISTORY;
        const float *from = block.at + c * block.channel_step;
        for (long i = 0; i < frames; i++) to[i] = from[i * block.frame_step];
        _Pragma("omp simd reduction(max : most)") for (long i = 0; i < PEAK_HISTORY + frames; i++)
            most = larger_f(fabsf(past[i]), most);
    }
    double lowest = s->ceiling, highest = s->ceiling;
    for (long start = 0; start < frames;) {
        const long room = smaller(CHUNK, frames - start);
        const long chunk = s->left >= 1.0 && s->left < (double)room ? (long)s->left : room;
        const double step = s->left > 0.0 ? (s->target - s->ceiling) / s->left : 0.0, from = s->ceiling;
        lowest = from + step * (double)chunk < lowest ? from + step * (double)chunk : lowest;
        highest = from + step * (double)chunk > highest ? from + step * (double)chunk : highest;
        double *needs = a->needs + PEAK_SMOOTH - 1 + start;
        if (20.0 * log10((double)larger_f(most * a->most_rise, 1e-9f)) <= lowest - s->margin) {
            for (long i = 0; i < chunk; i++) needs[i] = 0.0;
        } else {
            float largest[CHUNK];
            find(a, block.channels, start, chunk, largest);
            _Pragma("omp simd") for (long i = 0; i < CHUNK; i++) largest[i] = DB_OF_LOG2 * log2_of(largest[i]);
            for (long i = 0; i < chunk; i++) {
                const double over = (double)largest[i] - (from + step * (double)(i + 1)) + s->margin;
                needs[i] = over > 0.0 ? over : 0.0;
            }
        }
        go_on(s, needs, chunk);
        s->ceiling += step * (double)chunk;
        if (s->left > 0.0 && (s->left -= (double)chunk) <= 0.0) s->ceiling = s->target;
        start += chunk;
    }
    const float ceiling = (float)pow(10.0, 0.05 * highest);
    for (long start = 0; start < frames; start += CHUNK) {
        const long chunk = smaller(CHUNK, frames - start);
        float gain[CHUNK] = {0};
        int reduced = 0;
        for (long i = 0; i < chunk; i++) {
            const double *needs = a->needs + start + i;
            double sum = 0.0;
            for (long t = 0; t < PEAK_SMOOTH; t++) sum += a->smooth[t] * needs[t];
            gain[i] = (float)sum;
            reduced |= gain[i] != 0.0f;
        }
        _Pragma("omp simd") for (long i = 0; i < CHUNK; i++) gain[i] = exp2_of(gain[i] * (-1.0f / DB_OF_LOG2));
        for (long c = 0; c < block.channels; c++) {
            const float *from = a->past + c * row + PEAK_HISTORY - PEAK_LATENCY + start;
            float *to = block.at + start * block.frame_step + c * block.channel_step;
            for (long i = 0; i < chunk; i++) {
                const float v = from[i] * gain[i];
                to[i * block.frame_step] = reduced ? larger_f(smaller_f(v, ceiling), -ceiling) : from[i];
            }
        }
    }
    for (long c = 0; c < block.channels; c++)
        memmove(a->past + c * row, a->past + c * row + frames, PEAK_HISTORY * sizeof(float));
    memmove(a->needs, a->needs + frames, (PEAK_SMOOTH - 1) * sizeof(double));
}
