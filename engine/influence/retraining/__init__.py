"""Laboratory: influence confirmed or refuted by retraining."""
