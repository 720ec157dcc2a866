/* Gains that follow the level, a frame after the other: dsp.effects.compressor, .transient, .automix. */
#include "hop.h"
#include "logarithm.h"

#include <math.h>

#define CHUNK 128 /* frames that are looked at together; the compressor's step */
#define DB_OF_LOG2 6.02059991328f
#define LOG2_OF_DB (1.0f / DB_OF_LOG2)

INLINED double larger(double a, double b) { return a > b ? a : b; }
INLINED double between(double value, double low, double high)
{
    value = value < high ? value : high;
    return value > low ? value : low;
}

/* How loud the loudest channel is. */
INLINED void sizes(struct rows block, long start, long frames, float faintest, float *restrict size)
{
    for (long i = 0; i < CHUNK; i++) size[i] = faintest;
    for (long c = 0; c < block.channels; c++) {
        const float *x = block.at + start * block.frame_step + c * block.channel_step;
        const long step = block.frame_step;
        for (long i = 0; i < frames; i++) size[i] = larger_f(fabsf(x[i * step]), size[i]);
    }
}

INLINED void multiply(struct rows block, long start, long frames, const float *restrict gain)
{
    for (long c = 0; c < block.channels; c++) {
        float *x = block.at + start * block.frame_step + c * block.channel_step;
        const long step = block.frame_step;
        for (long i = 0; i < frames; i++) x[i * step] *= gain[i];
    }
}

/* Numbers that glide together: their lines through the next frames, at most `left` of them. */
struct line { float start, step; };

INLINED long lines(double *left, double *now, const double *target, int count, long frames, struct line *line)
{
    const long walking = *left >= 1.0 && *left < (double)frames ? (long)*left : frames;
    for (int n = 0; n < count; n++) {
        const double step = *left > 0.0 ? (target[n] - now[n]) / *left : 0.0;
        line[n].start = (float)now[n];
        line[n].step = (float)step;
        now[n] += step * (double)walking;
    }
    if (*left > 0.0) {
        *left -= (double)walking;
        if (*left <= 0.0)
            for (int n = 0; n < count; n++) now[n] = target[n];
    }
    return walking;
}

INLINED float at(struct line line, long i) { return line.start + line.step * (float)(i + 1); }

/* Look how much softer the compressor makes the sound. */
static void end_step(struct compressor *s, long channels)
{
    const double frames = (double)(COMPRESSOR_STEP * channels), in = s->in / frames, out = s->out / frames;
    if (in > s->quiet && in < 1e6 && in > s->gate * s->long_in) {
        s->long_in += s->newest * (in - s->long_in);
        s->long_out += s->newest * (out - s->long_out);
    } else if (in > s->quiet) { /* forget, so that a voice that has become softer counts again */
        s->long_in *= 1.0 - s->newest;
        s->long_out *= 1.0 - s->newest;
    }
    const double lost = 10.0 * log10(s->long_in / larger(s->long_out, 1e-12));
    s->from = s->to;
    s->to += s->smooth * (between(lost, 0.0, s->most) - s->to);
    s->in = s->out = s->done = 0.0;
}

VECTORISED
void compress(struct rows block, struct rows key, struct compressor *s)
{
    for (long start = 0; start < block.frames;) {
        struct line l[COMPRESSOR_GLIDING];
        const long room = smaller(block.frames - start, COMPRESSOR_STEP - (long)s->done);
        const long frames = lines(&s->left, s->now, s->target, COMPRESSOR_GLIDING, room, l);
        float need[CHUNK], gain[CHUNK], energy[CHUNK] = {0};
        sizes(key, start, frames, (float)s->faintest, need);
        _Pragma("omp simd") for (long i = 0; i < CHUNK; i++)
        {
            const float width = at(l[3], i), half = 0.5f * width;
            const float over = DB_OF_LOG2 * log2_of(need[i]) - at(l[1], i);
            float bent = over + half;
            bent = bent < width ? bent : width;
            bent = bent > 0.0f ? bent : 0.0f;
            float straight = over - half;
            straight = straight > 0.0f ? straight : 0.0f;
            const float twice = 2.0f * width;
            need[i] = at(l[2], i) * (straight + bent * bent / (twice > 1e-9f ? twice : 1e-9f));
        }
        double risen = s->risen, reduction = s->reduction;
        for (long i = 0; i < frames; i++) {
            const double wanted = (double)need[i];
            risen = larger(wanted, s->release * risen + (1.0 - s->release) * wanted);
            reduction = s->attack * reduction + (1.0 - s->attack) * risen;
            need[i] = (float)reduction;
        }
        s->risen = risen;
        s->reduction = reduction;
        const float by = (float)((s->to - s->from) / COMPRESSOR_STEP), from = (float)(s->from + (s->to - s->from) * s->done / COMPRESSOR_STEP);
        _Pragma("omp simd") for (long i = 0; i < CHUNK; i++)
        {
            const float up = at(l[4], i) + at(l[5], i) * (from + by * (float)(i + 1));
            gain[i] = exp2_of(LOG2_OF_DB * at(l[0], i) * (up - need[i]));
            need[i] = exp2_of(-2.0f * LOG2_OF_DB * need[i]);
        }
        for (long c = 0; c < block.channels; c++) {
            const float *x = block.at + start * block.frame_step + c * block.channel_step;
            for (long i = 0; i < frames; i++) energy[i] += x[i * block.frame_step] * x[i * block.frame_step];
        }
        double in = 0.0, out = 0.0;
        for (long i = 0; i < frames; i++) {
            in += (double)energy[i];
            out += (double)(energy[i] * need[i]);
        }
        s->in += in;
        s->out += out;
        multiply(block, start, frames, gain);
        s->done += (double)frames;
        if (s->done >= COMPRESSOR_STEP) end_step(s, block.channels);
        start += frames;
    }
}

VECTORISED
void shape_transients(struct rows block, struct transient *s)
{
    for (long start = 0; start < block.frames;) {
        struct line l[2];
        const long frames = lines(&s->left, s->now, s->target, 2, smaller(block.frames - start, CHUNK), l);
        float size[CHUNK], lead[CHUNK], trail[CHUNK];
        sizes(block, start, frames, (float)s->faintest, size);
        struct transient e = *s;
        for (long i = 0; i < frames; i++) {
            const double x = (double)size[i];
            e.short_now = larger(x, e.falls_short * e.short_now + (1.0 - e.falls_short) * x);
            e.quick_now = e.quick * e.quick_now + (1.0 - e.quick) * e.short_now;
            e.slow_now = e.slow * e.slow_now + (1.0 - e.slow) * e.short_now;
            e.long_fallen = larger(x, e.falls_long * e.long_fallen + (1.0 - e.falls_long) * x);
            e.long_now = e.quick * e.long_now + (1.0 - e.quick) * e.long_fallen;
            size[i] = (float)e.quick_now;
            lead[i] = (float)e.slow_now;
            trail[i] = (float)e.long_now;
        }
        *s = e;
        for (long i = frames; i < CHUNK; i++) lead[i] = trail[i] = 1.0f;
        const float of_attack = DB_OF_LOG2 / (float)s->attack_range, of_sustain = DB_OF_LOG2 / (float)s->sustain_range;
        const float least_attack = (float)(s->ignored / s->attack_range), least_sustain = (float)(s->ignored / s->sustain_range);
        float gain_db[CHUNK];
        _Pragma("omp simd") for (long i = 0; i < CHUNK; i++)
        {
            const float quick = log2_of(size[i]);
            float attack = of_attack * (quick - log2_of(lead[i])) - least_attack;
            attack = attack < 1.0f ? attack : 1.0f;
            attack = attack > 0.0f ? attack : 0.0f;
            float sustain = of_sustain * (log2_of(trail[i]) - quick) - least_sustain;
            sustain = sustain < 1.0f ? sustain : 1.0f;
            sustain = sustain > 0.0f ? sustain : 0.0f;
            gain_db[i] = attack * at(l[0], i) + sustain * at(l[1], i);
            size[i] = exp2_of(LOG2_OF_DB * gain_db[i]);
        }
        s->gain = (double)gain_db[frames - 1];
        multiply(block, start, frames, size);
        start += frames;
    }
}

/* Share the gain of the microphones anew. */
static void end_share(struct automix *s, long channels)
{
    double weight[AUTOMIX_MOST], whole = 0.0, shares = 0.0;
    for (long c = 0; c < channels; c++) {
        const double power = s->energy[c] < 1e9 ? s->energy[c] / AUTOMIX_STEP : 0.0; /* a broken number is no voice */
        s->level[c] += (power > s->level[c] ? s->up : s->down) * (power - s->level[c]);
        if (s->level[c] < s->noise[c]) s->noise[c] += s->fall * (s->level[c] - s->noise[c]);
        else s->noise[c] *= s->rise;
        weight[c] = larger(s->level[c] - s->over * s->noise[c], 0.0) * s->voice[c];
        whole += weight[c];
    }
    for (long c = 0; c < channels; c++) {
        if (whole > 0.0) { /* else nobody speaks, and the last one keeps its share */
            const double change = larger(weight[c] / whole, s->least) - s->share[c];
            s->share[c] += s->move * change;
        }
        shares += s->share[c];
    }
    for (long c = 0; c < channels; c++) {
        s->from[c] = s->to[c];
        s->to[c] = sqrt(s->share[c] / shares);
        s->energy[c] = 0.0;
    }
    s->done = 0.0;
}

VECTORISED
void automix(struct rows block, struct automix *s)
{
    for (long start = 0; start < block.frames;) {
        struct line l[1];
        const long room = smaller(block.frames - start, AUTOMIX_STEP - (long)s->done);
        const long frames = lines(&s->left, &s->now, &s->target, 1, room, l);
        float mix[AUTOMIX_STEP] = {0};
        for (long c = 0; c < block.channels; c++) {
            const float *x = block.at + start * block.frame_step + c * block.channel_step;
            const float by = (float)((s->to[c] - s->from[c]) / AUTOMIX_STEP);
            const float from = (float)(s->from[c] + (s->to[c] - s->from[c]) * s->done / AUTOMIX_STEP);
            float energy = 0.0f;
            for (long i = 0; i < frames; i++) {
                const float v = x[i * block.frame_step];
                energy += v * v;
                mix[i] += v * (from + by * (float)(i + 1));
            }
            s->energy[c] += (double)energy;
        }
        for (long c = 0; c < block.channels; c++) {
            float *x = block.at + start * block.frame_step + c * block.channel_step;
            for (long i = 0; i < frames; i++) x[i * block.frame_step] += at(l[0], i) * (mix[i] - x[i * block.frame_step]);
        }
        s->done += (double)frames;
        if (s->done >= AUTOMIX_STEP) end_share(s, block.channels);
        start += frames;
    }
}
