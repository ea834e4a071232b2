/**
 * {@code cmoe doctor}: checks of the machine and of what the program stands on, one class each. A
 * check that fails hides none of the others.
 */
package dev.cmoe.job.doctor;
