import gc
import sqlite3

database = sqlite3.connect(":memory:")
database.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, amount INTEGER)")
database.executemany("INSERT INTO sales VALUES (?, ?)", ((n, n % 97) for n in range(100000)))

rows = database.execute("SELECT id, amount FROM sales").fetchall()  # <- the mistake: all rows at once
print(sum(amount for _, amount in rows))
del rows
gc.collect()  # everything is free again: it was no leak, but a load that is too large

total = 0  # the cure: page by page
for first in range(0, 100000, 500):
    page = database.execute("SELECT amount FROM sales WHERE id >= ? ORDER BY id LIMIT 500", (first,))
    total += sum(amount for (amount,) in page)
print(total)
