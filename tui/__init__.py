"""The screens: they draw snapshots and send commands, and decide nothing about music."""
