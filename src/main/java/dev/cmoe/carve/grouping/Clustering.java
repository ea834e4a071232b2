package dev.cmoe.carve.grouping;

/**
 * What k-means found.
 *
 * @param clusterOf cluster of each place, padding after the rows; not to be modified
 * @param iterations how many assignments were solved
 * @param settled whether the last assignment repeated the one before it
 * @param inertia sum over the rows of the squared distance between the unit row and the centroid
 *     that the last assignment used; a row of zeros counts its centroid's squared length
 */
public record Clustering(int[] clusterOf, int iterations, boolean settled, double inertia) {}
