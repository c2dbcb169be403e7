"""The explainable variational autoencoder of measures."""
