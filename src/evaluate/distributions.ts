/** @file Cumulative shares and quantiles of the distributions that intervals are made of: beta, Student's t, normal. */

/**
 * P(X <= x) of a beta distribution: the regularized incomplete beta function, computed by its continued fraction. Press et al. 2007, 6.4; accurate to
 * about 1e-13.
 */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

/** The x below which a share of a beta distribution lies. */
export const betaQuantile = (share: number, a: number, b: number): number => bisect((x) => betaCdf(x, a, b), share, 0, 1);

/** P(T <= t) of Student's t. `degrees` need not be whole and may be infinite. */
export function studentCdf(t: number, degrees: number): number {
  if (degrees === Infinity) return normalCdf(t);
  const tail = 0.5 * betaCdf(degrees / (degrees + t * t), degrees / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/** The t below which a share of Student's t lies. @param share from 0 to 1, both excluded */
export function studentQuantile(share: number, degrees: number): number {
  if (degrees === Infinity) return normalQuantile(share);
  const x = betaQuantile(2 * Math.min(share, 1 - share), degrees / 2, 0.5);
  return Math.sign(share - 0.5) * Math.sqrt((degrees * (1 - x)) / x);
}

/** Abramowitz and Stegun 1964, 26.2.17; absolute error under 7.5e-8. */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x > 0 ? 1 - tail : tail;
}

/** Inverts normalCdf, to its accuracy, from -6 to 6. */
export const normalQuantile = (share: number): number => bisect(normalCdf, share, -6, 6);

/** Where an increasing function reaches a value. */
function bisect(rising: (x: number) => number, value: number, low: number, high: number): number {
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (rising(middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Lentz's method for the continued fraction of the incomplete beta function. */
function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    value *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-14) break;
  }
  return value;
}

/** Lanczos' approximation with g = 7 and nine terms; relative error under 1e-14 for x > 0.5. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const [first, ...rest] = lanczos;
  const sum = rest.reduce((total, coefficient, place) => total + coefficient / (x + place), first);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
