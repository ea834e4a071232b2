package dev.cmoe.carve;

import dev.cmoe.carve.grouping.Grouping;

/** The order in which a carved layer keeps its neurons. */
final class Orders {
  private Orders() {}

  /** Neuron ids in expert order: shared, expert 0, expert 1, … */
  static int[] of(Grouping grouping) {
    int[] order = new int[grouping.places()];
    int at = grouping.shared().length;
    System.arraycopy(grouping.shared(), 0, order, 0, at);
    for (int[] expert : grouping.experts()) {
      System.arraycopy(expert, 0, order, at, expert.length);
      at += expert.length;
    }
    return order;
  }

  /** Where {@code id} stands in {@code order}. */
  static int positionOf(int[] order, int id) {
    for (int i = 0; i < order.length; i++) {
      if (order[i] == id) {
        return i;
      }
    }
    throw new IllegalArgumentException("neuron " + id + " is not in the order");
  }
}
