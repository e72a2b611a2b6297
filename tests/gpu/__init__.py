"""What only a GPU can show; ``pytest -m gpu`` runs this and the rest of the suite on GPU arrays."""
