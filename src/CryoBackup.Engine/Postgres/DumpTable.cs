namespace CryoBackup.Postgres;

/// <summary>A table or sequence that a dump reads.</summary>
/// <param name="Oid">Its OID.</param>
/// <param name="QuotedName">Schema and name as they stand in SQL.</param>
/// <param name="Kind">pg_class.relkind: r, p or S.</param>
/// <param name="Bytes">What it takes on disk, without indexes.</param>
/// <param name="Readable">False if the role may not read it.</param>
/// <param name="RowSecurity">True if row security would hide rows from the role.</param>
/// <param name="Condition">The WHERE clause with which an extension's configuration table is dumped; empty for all rows.</param>
internal sealed record DumpTable(uint Oid, string QuotedName, char Kind, long Bytes, bool Readable, bool RowSecurity, string Condition);
