"""ONNX export of models, and the gate that every export passes."""
