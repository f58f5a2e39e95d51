"""The local Bedrock: the Bedrock operations that the project uses, over HTTP on 127.0.0.1, with real (small) models
behind them. See docs/local-bedrock.md.
"""
