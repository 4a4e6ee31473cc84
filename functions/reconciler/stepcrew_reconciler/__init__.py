"""The reconciler: ends what nobody else can end any more."""
