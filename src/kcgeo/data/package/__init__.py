"""The packaged tables: catalogue, schemas, and the ledger of claims."""
