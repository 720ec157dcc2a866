/* Sound below hearing, measured and told: dsp.restore.infrasonic. */
#include "hop.h"

#include <string.h>

/* What is passed by a low-pass of two poles. c: b0, b1, b2, a1, a2. */
INLINED double low_pass(const double *c, double *memory, double value)
{
    const double out = c[0] * value + memory[0];
    memory[0] = c[1] * value - c[3] * out + memory[1];
    memory[1] = c[2] * value - c[4] * out;
    return out;
}

INLINED double within(double value, double least, double most)
{
    value = value < most ? value : most;
    return value > least ? value : least;
}

/* What is below hearing in a block of the hop under way, faded from the hop's share to the next one's. */
static void tell(const struct rumble *s, struct rows block, long done)
{
    const double *b = s->rules->high_pass, *a = b + 3;
    const double share = s->levels->share, change = (s->levels->share_next - share) / (double)s->hop;
    for (long c = 0; c < s->channels; c++) {
        const float *x = block.at + c * block.channel_step;
        double first = s->state[c], second = s->state[s->channels + c];
        for (long i = 0; i < block.frames; i++) {
            const double value = x[i * block.frame_step], above = b[0] * value + first;
            first = b[1] * value - a[0] * above + second;
            second = b[2] * value - a[1] * above;
            s->rumble[i * s->channels + c] = (float)((value - above) * (share + change * (double)(done + i + 1)));
        }
        s->state[c] = first;
        s->state[s->channels + c] = second;
    }
}

/* Start the filter, which has not run until now, as if the input had been constant at its present mean. */
static void start(const struct rumble *s)
{
    for (long c = 0; c < s->channels; c++) {
        const double mean = (double)s->sums[c] / (double)s->hop;
        s->state[c] = -s->rules->high_pass[0] * mean;
        s->state[s->channels + c] = s->rules->high_pass[2] * mean;
    }
}

/* Decide for the hop that is now whole. */
static void judge(const struct rumble *s)
{
    const struct rumble_rules *r = s->rules;
    struct rumble_levels *l = s->levels;
    double low = 0.0;
    for (long c = 0; c < s->channels; c++) {
        double *memory = s->memory + 4 * c;
        const double once = low_pass(r->detector, memory, (double)s->sums[c] / (double)s->hop);
        const double value = low_pass(r->detector + 5, memory + 2, once);
        low += value * value;
    }
    low /= (double)s->channels;
    const double rest = l->energy / (double)(s->channels * s->hop) - low;
    l->low += r->newest * (low - l->low);
    l->rest += r->newest * ((rest > 0.0 ? rest : 0.0) - l->rest);
    l->loudest_rest = l->rest > l->loudest_rest * r->fall ? l->rest : l->loudest_rest * r->fall;
    const int held = l->since < r->hold_hops;
    const double limit = (held ? r->sound_enough : r->too_much) * l->loudest_rest;
    const int too_much = l->low > (limit > r->faintest ? limit : r->faintest);
    const double forgiven = l->over - r->forgiven;
    l->over = too_much ? l->over + 1.0 : (forgiven > 0.0 ? forgiven : 0.0);
    const int obvious = held || l->over > r->patience_hops || l->low > r->obvious * l->loudest_rest;
    l->since = too_much && obvious ? 0.0 : within(l->since + 1.0, 0.0, r->hold_hops);
    l->over = within(l->over, 0.0, 2.0 * r->patience_hops);
    if (l->since == 0.0 && !(l->share > 0.0 || l->share_next > 0.0)) start(s);
    l->share = l->share_next;
    l->share_next = within(l->share + (l->since < r->hold_hops ? r->fade_in : -r->fade_out), 0.0, 1.0);
}

/* Take the next frames of a hop, `done` of which are known. Return whether `rumble` holds what is below hearing. */
int rumble_follow(const struct rumble *s, struct rows block, long done)
{
    const int told = s->levels->share > 0.0 || s->levels->share_next > 0.0;
    if (told) tell(s, block, done);
    s->levels->energy += (double)tally(block, s->sums);
    if (done + block.frames == s->hop) {
        judge(s);
        s->levels->energy = 0.0;
        memset(s->sums, 0, (size_t)s->channels * sizeof(float));
    }
    return told;
}
