package dev.cmoe.carve.grouping;

/**
 * A cheapest assignment of items to clusters, with its proof: {@code primal} is what the assignment
 * costs, {@code dual} a lower bound on what any assignment costs, and the two are equal.
 *
 * @param clusterOf cluster of each item, length n; not to be modified
 * @param cost sum of the chosen costs as they were given
 * @param primal sum of the chosen costs, each less the smallest cost of the table, in {@code unit}s
 * @param dual the lower bound, in the same terms
 * @param unit what one step of {@code primal} is worth, a power of two
 */
public record Assignment(int[] clusterOf, double cost, long primal, long dual, double unit) {}
