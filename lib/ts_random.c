#include "ts_random.h"
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

/*
 * GSL's own generators take 32 bits of seed, so that among 100,000 streams two would be equal. Hence a generator of our
 * own behind GSL's interface: Blackman and Vigna's xoshiro256++ (https://prng.di.unimi.it), filled by splitmix64. The
 * struct gsl_rng stands inside ours, because gsl_rng_alloc() aborts when memory is short.
 */
struct state {
	uint64_t s[4];
};

struct ts_random {
	gsl_rng rng; /* first, with its state behind it */
	struct state state;
	uint64_t seed;
};

static uint64_t splitmix64(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, int n)
{
	return (x << n) | (x >> (64 - n));
}

static void xoshiro_set(void *data, unsigned long seed)
{
	struct state *state = data;
	uint64_t x = seed;

	for (int i = 0; i < 4; i++)
		state->s[i] = splitmix64(&x);
}

static unsigned long xoshiro_get(void *data)
{
	uint64_t *s = ((struct state *)data)->s;
	uint64_t result = rotate_left(s[0] + s[3], 23) + s[0], t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

/* The middles of 2^52 equal parts: neither 0 nor 1, and every value is exact. */
static double xoshiro_get_double(void *data)
{
	return ldexp((double)(xoshiro_get(data) >> 12) + 0.5, -52);
}

static const gsl_rng_type xoshiro256pp = {
        .name = "xoshiro256++",
        .max = UINT64_MAX,
        .min = 0,
        .size = sizeof(struct state),
        .set = xoshiro_set,
        .get = xoshiro_get,
        .get_double = xoshiro_get_double,
};

struct ts_random *ts_random_new(uint64_t seed)
{
	struct ts_random *r = malloc(sizeof(*r));

	if (!r)
		return NULL;
	r->rng.type = &xoshiro256pp;
	r->rng.state = &r->state;
	r->seed = seed;
	gsl_rng_set(&r->rng, seed);
	return r;
}

void ts_random_free(struct ts_random *r)
{
	free(r);
}

struct ts_random *ts_random_fork(struct ts_random *r, uint64_t stream)
{
	uint64_t x = stream, mixed = splitmix64(&x) ^ r->seed;

	return ts_random_new(splitmix64(&mixed));
}

uint64_t ts_random_below(struct ts_random *r, uint64_t bound)
{
	return gsl_rng_uniform_int(&r->rng, bound);
}

double ts_random_unit(struct ts_random *r)
{
	return gsl_rng_uniform(&r->rng);
}

double ts_random_exponential(struct ts_random *r, double mean)
{
	return gsl_ran_exponential(&r->rng, mean);
}

double ts_random_normal(struct ts_random *r, double mean, double stddev)
{
	return mean + gsl_ran_gaussian_ziggurat(&r->rng, stddev);
}

double ts_random_lognormal(struct ts_random *r, double zeta, double sigma)
{
	return gsl_ran_lognormal(&r->rng, zeta, sigma);
}

void ts_random_shuffle(struct ts_random *r, void *base, size_t n, size_t size)
{
	gsl_ran_shuffle(&r->rng, base, n, size);
}
