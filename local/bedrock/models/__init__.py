"""The models behind the API: the embedded teacher, the trained student, embeddings."""
