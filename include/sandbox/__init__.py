"""The sandbox: emulators of the vendors' APIs behind one control plane. Imports nothing of ours."""
