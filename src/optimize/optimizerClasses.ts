/** @file The optimizers as classes, for other programs that create them with `new`. Tandem itself calls the functions. */
import { alternating } from './alternating.ts';
import type { AlternatingOptions } from './alternatingPhase.ts';
import { coordinate } from './coordinate.ts';
import type { CoordinateOptions } from './coordinatePhase.ts';
import type { Coordinator } from './coordinator.ts';
import { optimizeJointly, type JointOptimization, type JointResult } from './jointOptimization.ts';
import { simultaneous } from './simultaneous.ts';
import type { SimultaneousOptions } from './simultaneousOptions.ts';

export class JointOptimizer {
  /** Runs to the end of the budget, or until neither the prompt nor the weights help. The result is never worse than the start on the valset. */
  readonly optimize: (options: JointOptimization) => Promise<JointResult>;

  /** @param options the coordinator; by default alternating, or coordinate descent for programs of several steps */
  constructor({ coordinator }: { coordinator?: Coordinator } = {}) {
    this.optimize = (options) => optimizeJointly(options, coordinator);
  }
}

abstract class CoordinatorObject implements Coordinator {
  readonly begin: Coordinator['begin'];
  readonly advance: Coordinator['advance'];
  readonly softBeginning?: Coordinator['softBeginning'];

  constructor({ begin, advance, softBeginning }: Coordinator) {
    this.begin = begin;
    this.advance = advance;
    if (softBeginning) this.softBeginning = softBeginning;
  }
}

export class AlternatingJointOptimizer extends CoordinatorObject {
  constructor(options?: Partial<AlternatingOptions>) {
    super(alternating(options));
  }
}

export class CoordinateJointOptimizer extends CoordinatorObject {
  constructor(options?: Partial<CoordinateOptions>) {
    super(coordinate(options));
  }
}

export class SimultaneousJointOptimizer extends CoordinatorObject {
  constructor(options?: Partial<SimultaneousOptions>) {
    super(simultaneous(options));
  }
}
