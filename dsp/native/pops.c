/* Is there a burst of breath? dsp.restore.pop_ear: a step of the sound, mono, goes through four ears to one answer. */
#include "hop.h"

static double power(const float *x, long frames)
{
    double sum = 0.0;
    for (long i = 0; i < frames; i++) sum += (double)x[i] * (double)x[i];
    return sum / (double)frames;
}

static void listen(struct pops *s, const float *heard, double *past, long kept)
{
    float sound[POPS_EARS][POPS_STEP];
    for (long ear = 0; ear < POPS_EARS; ear++) {
        for (long i = 0; i < POPS_STEP; i++) sound[ear][i] = heard[i];
        section_run(&s->sections[ear], s->state[ear], sound[ear], 1, POPS_STEP);
    }
    section_run(&s->sections[POPS_EARS], s->state[POPS_EARS], sound[2], 1, POPS_STEP);
    const double mid = power(sound[2], POPS_STEP), high = power(sound[3], POPS_STEP);
    s->now += s->quick * (power(sound[0], POPS_STEP) - s->now);
    s->deep += s->quick * (power(sound[1], POPS_STEP) - s->deep);
    s->over = larger_d(mid, s->over * s->over_kept);
    s->voice = larger_d(larger_d(s->over, s->voice * s->voice_kept), s->quietest);
    s->click = larger_d(high > s->click_over * s->highs ? high : 0.0, s->click * s->click_kept);
    s->highs += s->slow * (high - s->highs);
    long at = (long)s->at;
    s->surge = larger_d(past[at], s->surge * s->forgotten);
    past[at] = s->now;
    s->at = (double)((at + 1) % kept);
    double least = past[0];
    for (long i = 1; i < kept; i++) least = past[i] < least ? past[i] : least;
    s->tone = larger_d(least, s->tone * s->tone_kept);
    const int deep = s->deep > s->now * s->deep_enough;
    if (s->pops > 0.0) {
        s->lasted += 1.0;
        s->sure = deep ? 1.0 : s->sure;
        const int doubtful = s->sure == 0.0 && s->lasted >= s->doubt;
        const int goes_on = s->now > larger_d(s->before, s->over) * s->let_go && (deep || s->sure == 0.0);
        s->since = goes_on ? 0.0 : s->since + 1.0;
        const int no_pop = doubtful || s->lasted >= s->longest;
        if (s->since >= s->hold || no_pop) {
            s->resting = no_pop ? s->rest : 0.0;
            if (no_pop) s->before = larger_d(s->before, s->now); /* it is a tone */
            s->pops = 0.0;
        }
        return;
    }
    const int surges = s->now > s->before * s->surge_over && s->now >= s->surge * s->again_over;
    const int new_low = s->now > s->tone * s->tone_over;
    const int stands_out = s->now > s->over * s->mid_over && s->now > s->voice * s->loud && s->now > s->quietest;
    const int clicks = s->click > s->now * s->click_loud;
    if (s->resting > 0.0) {
        s->resting -= 1.0;
        s->before += s->slow * (s->now - s->before);
    } else if (surges && new_low && stands_out && !clicks) {
        s->lasted = s->since = 0.0;
        s->sure = deep ? 1.0 : 0.0;
        s->pops = 1.0;
    } else {
        s->before = larger_d(s->quietest * 0.1, s->before + s->slow * (s->now - s->before));
    }
}

void pops_hear(struct pops *s, struct rows block, float *heard, double *past, long kept)
{
    for (long i = 0; i < block.frames; i++) {
        const float *frame = block.at + i * block.frame_step;
        float sum = 0.0F;
        for (long c = 0; c < block.channels; c++) sum += frame[c * block.channel_step];
        heard[(long)s->done] = sum;
        s->done += 1.0;
        if (s->done >= POPS_STEP) {
            s->done = 0.0;
            listen(s, heard, past, kept);
        }
    }
}
