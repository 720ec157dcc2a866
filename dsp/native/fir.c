/* A FIR filter whose taps move: dsp.parts.fir. */
#include "hop.h"

#include <string.h>

#define TOGETHER 128 /* frames that are filtered side by side */

/* out[i * step] = the taps over x[i ...]. Four taps at a time, so that there is less to load and store than to add. */
VECTORISED
static void filter(const float *restrict x, const float *restrict taps, long count, float *restrict out, long step,
                   long frames)
{
    float sums[TOGETHER];
    for (long start = 0; start < frames; start += TOGETHER, x += TOGETHER) {
        const long together = smaller(TOGETHER, frames - start);
        memset(sums, 0, sizeof sums);
        long k = 0;
        for (; k + 4 <= count; k += 4) {
            const float *at = x + k, a = taps[k], b = taps[k + 1], c = taps[k + 2], d = taps[k + 3];
            _Pragma("omp simd") for (long i = 0; i < together; i++)
                sums[i] += (a * at[i] + b * at[i + 1]) + (c * at[i + 2] + d * at[i + 3]);
        }
        for (; k < count; k++) {
            const float *at = x + k, tap = taps[k];
            _Pragma("omp simd") for (long i = 0; i < together; i++) sums[i] += tap * at[i];
        }
        for (long i = 0; i < together; i++) out[(start + i) * step] = sums[i];
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
