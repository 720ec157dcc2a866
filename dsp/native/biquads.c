/* Second-order filters whose coefficients glide: dsp.parts.biquads. */
#include "hop.h"

/* One frame after the other, because each needs the state that the one before has left. */
void section_run(const struct section *c, double *state, float *x, long step, long frames)
{
    const double a1 = 1.0 / (1.0 + c->g * (c->g + c->k)), a2 = c->g * a1, a3 = c->g * a2;
    const double first_first = 2.0 * a1 - 1.0, across = 2.0 * a2, second_second = 1.0 - 2.0 * a3, second_in = 2.0 * a3;
    const double of_input = c->input + c->band * a2 + c->low * a3;
    const double of_first = c->band * a1 + c->low * a2, of_second = c->low * (1.0 - a3) - c->band * a2;
    double first = state[0], second = state[1];
    for (long i = 0; i < frames; i++) {
        const double in = (double)x[i * step];
        x[i * step] = (float)(of_input * in + of_first * first + of_second * second);
        const double next = first_first * first + (across * in - across * second);
        second = across * first + (second_second * second + second_in * in);
        first = next;
    }
    state[0] = first;
    state[1] = second;
}

static struct section run_gliding(struct section c, const struct section *by, double *state, float *x, long step, long frames)
{
    double first = state[0], second = state[1];
    for (long i = 0; i < frames; i++) {
        c.g += by->g;
        c.k += by->k;
        c.input += by->input;
        c.band += by->band;
        c.low += by->low;
        const double a1 = 1.0 / (1.0 + c.g * (c.g + c.k)), a2 = c.g * a1, a3 = c.g * a2;
        const double in = (double)x[i * step], above = in - second;
        const double band = a1 * first + a2 * above, low = second + a2 * first + a3 * above;
        first = 2.0 * band - first;
        second = 2.0 * low - second;
        x[i * step] = (float)(c.input * in + c.band * band + c.low * low);
    }
    state[0] = first;
    state[1] = second;
    return c;
}

static int is_through(const struct section *c) { return c->input == 1.0 && c->band == 0.0 && c->low == 0.0; }

void biquads_process(const struct biquads *s, struct rows block)
{
    for (long n = 0; n < s->sections; n++) {
        if (s->passed[n]) continue;
        struct section *now = &s->now[n];
        const struct section *target = &s->target[n];
        double *state = s->state + 2 * n * s->channels;
        long done = 0;
        if (s->left[n] > 0) {
            const double left = (double)s->left[n];
            const struct section by = {(target->g - now->g) / left, (target->k - now->k) / left,
                                       (target->input - now->input) / left, (target->band - now->band) / left,
                                       (target->low - now->low) / left};
            struct section end = *now;
            done = smaller(s->left[n], block.frames);
            for (long c = 0; c < s->channels; c++)
                end = run_gliding(*now, &by, state + 2 * c, block.at + c * block.channel_step, block.frame_step, done);
            s->left[n] -= (int32_t)done;
            *now = s->left[n] ? end : *target;
            if (!s->left[n] && is_through(now)) {
                s->passed[n] = 1;
                continue;
            }
        }
        for (long c = 0; c < s->channels && done < block.frames; c++)
            section_run(now, state + 2 * c, block.at + done * block.frame_step + c * block.channel_step, block.frame_step,
                      block.frames - done);
    }
}
