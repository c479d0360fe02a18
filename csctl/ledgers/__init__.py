"""Old ledgers: tables of any kind read, mapped and imported."""
