"""Tables as they are given out: ledgers, registers, figures; as CSV, XLSX, JSON, forms, SQLite."""
