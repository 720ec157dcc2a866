/* A FIR filter whose taps move: dsp.parts.fir. */
#include "hop.h"

#include <string.h>

#define TOGETHER 32 /* frames that are filtered side by side, so that their sums stay in registers */

/* out[i * step] = the taps over x[i ...]; so few frames at the end are done one by one. */
VECTORISED
static void filter(const float *restrict x, const float *restrict taps, long count, float *restrict out, long step,
                   long frames)
{
    long i = 0;
    for (; i + TOGETHER <= frames; i += TOGETHER) {
        float sums[TOGETHER] = {0};
        for (long k = 0; k < count; k++) {
            const float tap = taps[k];
            for (int j = 0; j < TOGETHER; j++) sums[j] += tap * x[i + k + j];
        }
        for (int j = 0; j < TOGETHER; j++) out[(i + j) * step] = sums[j];
    }
    for (; i < frames; i++) {
        float sum = 0.0f;
        _Pragma("omp simd reduction(+ : sum)") for (long k = 0; k < count; k++) sum += taps[k] * x[i + k];
        out[i * step] = sum;
    }
}

/* Turn what the new taps gave into old + rise * (new - old), from where the fade has got to. */
static void fade(const struct fir *s, const float *x, const float *old, float *wet, long faded, long frames)
{
    float before[TOGETHER];
    for (long start = 0; start < frames; start += TOGETHER) {
        const long count = smaller(TOGETHER, frames - start);
        filter(x + start, old, s->taps, before, 1, count);
        for (long i = 0; i < count; i++) {
            float *sample = wet + (start + i) * s->channels;
            *sample = before[i] + (*sample - before[i]) * s->rise[faded + start + i];
        }
    }
}

/* Take the block into the past, which ends at `end`, and filter it. Return the new end. */
long fir_process(const struct fir *s, struct rows block, long end, long faded, long turn)
{
    const long keep = s->taps - 1, frames = block.frames, fading = smaller(s->fade - faded, frames);
    const float *taps = s->both_taps + turn * s->taps, *old = s->both_taps + (1 - turn) * s->taps;
    const long start = end + frames > s->length ? keep : end;
    for (long c = 0; c < s->channels; c++) {
        float *past = s->past + c * s->length;
        if (start != end) memmove(past, past + end - keep, (size_t)keep * sizeof(float));
        for (long i = 0; i < frames; i++) past[start + i] = block.at[i * block.frame_step + c * block.channel_step];
        filter(past + start - keep, taps, s->taps, s->wet + c, s->channels, frames);
        if (fading > 0) fade(s, past + start - keep, old, s->wet + c, faded, fading);
    }
    return start + frames;
}
