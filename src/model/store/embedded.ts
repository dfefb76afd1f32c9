/** @file The name of the embedded model, apart from the store for those who only need to know it. */

/** The model that comes with Tandem. */
export const embeddedModel = 'nano';
