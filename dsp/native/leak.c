/* Music that leaks into a microphone, foreseen by a filter in partitions that learns: dsp.restore.bleed_path. */
#include "hop.h"

#include <string.h>

INLINED const float *spectrum(const float *spectra, long row, long partitions, long newest, long p)
{
    return spectra + row * ((newest + p) % partitions);
}

INLINED long bins_of(long p, long whole, long bins, long low) { return p < whole ? bins : low; }

/* out += the sum over partitions first <= p < last, and columns, of weights times spectra. */
VECTORISED
void paths_sum(const struct paths *s, long first, long last, long newest, float *restrict out)
{
    const long row = 2 * s->columns * s->bins;
    for (long p = first; p < last; p++) {
        const float *restrict x = spectrum(s->spectra, row, s->partitions, newest, p);
        const float *restrict w = s->weights + row * p;
        const long here = bins_of(p, s->whole, s->bins, s->low);
        for (long c = 0; c < s->columns; c++, x += 2 * s->bins, w += 2 * s->bins)
            _Pragma("omp simd") for (long k = 0; k < here; k++) {
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
        const long here = bins_of(p, s->whole, bins, s->low);
        for (long c = 0; c < s->columns; c++, x += 2 * bins, w += 2 * bins, unsure += bins)
            _Pragma("omp simd") for (long k = 0; k < here; k++) {
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
        const long here = bins_of(p, s->whole, bins, s->low);
        for (long c = 0; c < s->columns; c++, x += 2 * bins, w += 2 * bins, unsure += bins)
            _Pragma("omp simd") for (long k = 0; k < here; k++) {
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

/* The newest half of the inverse transform into the newest half of `wave`; the other is silent. */
INLINED void newest_half(const struct transform *t, const float *spectrum, float *restrict wave)
{
    const long step = t->frames / 2;
    const struct halves halves = transform_inverse(t, spectrum);
    const float *restrict even = halves.even + step / 2, *restrict odd = halves.odd + step / 2;
    for (long i = 0; i < step; i++) wave[i] = 0.0f;
    for (long i = 0; i < step / 2; i++) {
        wave[step + 2 * i] = even[i];
        wave[step + 2 * i + 1] = odd[i];
    }
}

/* The error of what the weights foresee, and what is known of each bin: the voice's power, and the least power heard
 * for the music's. */
VECTORISED
void learner_judge(const struct learner *s, long newest, const struct leak_rules *rules)
{
    const long bins = s->bins, step = s->transform->frames / 2;
    float *restrict wave = s->wave;
    newest_half(s->transform, s->foreseen, wave);
    transform_forward(s->transform, wave, NULL, s->of_foreseen);
    double left = 0.0, heard_power = 0.0;
    for (long i = 0; i < step; i++) {
        const float error = s->was[i] - wave[step + i];
        wave[step + i] = error;
        left += (double)error * error;
        heard_power += (double)s->was[i] * s->was[i];
    }
    s->sums[0] = left;
    s->sums[1] = heard_power;
    transform_forward(s->transform, wave, NULL, s->error);
    const float *restrict e = s->error, *restrict f = s->of_foreseen, *restrict x = s->spectra + 2 * s->columns * bins * newest;
    float *restrict voice = s->by_bin + LEAK_VOICE * bins, *restrict noise = s->by_bin + LEAK_NOISE * bins;
    float *restrict heard = s->by_bin + LEAK_HEARD * bins, *restrict music = s->by_bin + LEAK_MUSIC_MEAN * bins;
    float *restrict gap = s->by_bin + LEAK_GAP * bins;
    const float kept = rules->gap_memory, found = 1.0f - kept, voiced = rules->voice_memory;
    _Pragma("omp simd") for (long k = 0; k < bins; k++) music[k] *= kept;
    for (long c = 0; c < s->columns; c++, x += 2 * bins)
        _Pragma("omp simd") for (long k = 0; k < bins; k++)
            music[k] += found * (x[2 * k] * x[2 * k] + x[2 * k + 1] * x[2 * k + 1]);
    _Pragma("omp simd") for (long k = 0; k < bins; k++) {
        const float hr = e[2 * k] + f[2 * k], hi = e[2 * k + 1] + f[2 * k + 1];
        const float square = e[2 * k] * e[2 * k] + e[2 * k + 1] * e[2 * k + 1];
        /* Twice, as a window of the music is twice as long as the step that is heard. */
        heard[k] = kept * heard[k] + 2.0f * found * (hr * hr + hi * hi);
        voice[k] = voiced * voice[k] + (1.0f - voiced) * square;
        noise[k] = larger_f(voice[k], square) + rules->faint;
    }
    if (rules->believed)
        _Pragma("omp simd") for (long k = 0; k < bins; k++)
            gap[k] = smaller_f(gap[k], heard[k] / (music[k] + rules->faint));
}

/* Kalman's share of each bin, and what the error has in common with what is foreseen, in each band. */
VECTORISED
void learner_weigh(const struct learner *s)
{
    const float *restrict noise = s->by_bin + LEAK_NOISE * s->bins, *restrict e = s->error, *restrict f = s->of_foreseen;
    for (long b = 0; b < s->bands; b++) {
        double both = 0.0, of = 0.0;
        for (long k = s->edges[b]; k < s->edges[b + 1]; k++) {
            const float share = 1.0f / noise[k];
            s->share[k] = 1.0f / (s->power[k] + noise[k]);
            both += (double)(share * (e[2 * k] * f[2 * k] + e[2 * k + 1] * f[2 * k + 1]));
            of += (double)(share * (f[2 * k] * f[2 * k] + f[2 * k + 1] * f[2 * k + 1]));
        }
        s->sums[2 + b] = both;
        s->sums[2 + s->bands + b] = of;
    }
}

/* Make a partition's filter no longer than a partition. Its taps are left in `taps`; return where the first side's are
 * strongest. */
VECTORISED
long learner_hold(const struct learner *s, long p)
{
    const long step = s->transform->frames / 2, bins = s->bins, here = bins_of(p, s->whole, bins, s->low);
    for (long c = 0; c < s->columns; c++) {
        float *w = s->weights + 2 * bins * (s->columns * p + c), *restrict taps = s->taps + 2 * step * c;
        const struct halves halves = transform_inverse(s->transform, w);
        for (long i = 0; i < step / 2; i++) {
            taps[2 * i] = halves.even[i];
            taps[2 * i + 1] = halves.odd[i];
        }
        memset(taps + step, 0, (size_t)step * sizeof(float));
        transform_forward(s->transform, taps, NULL, w);
        memset(w + 2 * here, 0, (size_t)(2 * (bins - here)) * sizeof(float));
    }
    long strongest = 0;
    for (long i = 1; i < step; i++)
        if (s->taps[i] * s->taps[i] > s->taps[strongest] * s->taps[strongest]) strongest = i;
    return strongest;
}

/* The music in the next frames of the step, of which `at` are there: within a block. */
VECTORISED
void leak_head_foresee(const struct leak_head *s, const float *sound, long frames, long at, long newest)
{
    const long block = s->transform->frames / 2, in_block = at % block;
    const float lean_by = (float)s->numbers[0];
    float before = (float)s->numbers[1];
    for (long i = 0; i < frames; i++) {
        s->heard[at + i] = sound[i] - lean_by * before;
        before = sound[i];
    }
    s->numbers[1] = before;
    const struct paths paths = {s->partitions, s->columns, s->bins, s->partitions, s->bins, s->spectra, s->weights};
    if (in_block == 0) {
        memset(s->older, 0, (size_t)(2 * s->bins) * sizeof(float));
        paths_sum(&paths, 1, s->partitions, newest, s->older);
    }
    memcpy(s->all, s->older, (size_t)(2 * s->bins) * sizeof(float));
    paths_sum(&paths, 0, 1, newest, s->all);
    const struct halves halves = transform_inverse(s->transform, s->all);
    float last = (float)s->numbers[2];
    for (long i = 0; i < frames; i++) {
        const long k = block + in_block + i;
        s->leak[i] = last = (k % 2 ? halves.odd : halves.even)[k / 2] + s->tail[at + i] + lean_by * last;
    }
    s->numbers[2] = last;
}

/* The next frames of the music into the waves, as middle and side where there are two, and into the newest spectrum. */
VECTORISED
void leak_music_take(const struct leak_music *s, struct rows music, long at, long newest)
{
    const long block = s->transform->frames / 2, in_block = at % block, sides = s->columns;
    for (long c = 0; c < sides; c++) {
        float *restrict wave = s->wave + 2 * s->step * c + s->step + at, *restrict head = s->head_wave + 2 * block * c;
        if (in_block == 0) {
            memcpy(head, head + block, (size_t)block * sizeof(float));
            memset(head + block, 0, (size_t)block * sizeof(float));
        }
        float before = (float)s->numbers[1 + c];
        for (long i = 0; i < music.frames; i++) {
            const float *from = music.at + i * music.frame_step;
            float sound = from[0];
            if (sides == 2) {
                float left = 0.0f, right = 0.0f;
                for (long column = 0; column < music.channels; column += 2) left += from[column * music.channel_step];
                for (long column = 1; column < music.channels; column += 2) right += from[column * music.channel_step];
                sound = 0.5f * (c ? left - right : left + right);
            }
            wave[i] = head[block + in_block + i] = sound - (float)s->numbers[0] * before;
            before = sound;
        }
        s->numbers[1 + c] = before;
        transform_forward(s->transform, head, NULL, s->spectra + 2 * s->bins * (sides * newest + c));
    }
}
