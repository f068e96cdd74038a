"""How good a map is: faithful to the network, where the lesion is, and at what price."""
