/** @file The name of the embedded model, separate from the store for code that needs only the name. */

/** The model that comes with Tandem. */
export const embeddedModel = 'nano';
