"""A trained model for use elsewhere: one ONNX file held against torch, and its model card."""
