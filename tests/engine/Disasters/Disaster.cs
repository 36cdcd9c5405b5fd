namespace CryoBackup.Tests.Disasters;

/// <summary>One folder of tests/data/disasters, and what is right for it.</summary>
/// <param name="Folder">The folder; its number is the database's.</param>
internal sealed record Disaster(string Folder)
{
    /// <summary>The database that its setup.sql names.</summary>
    public string Database => "f" + Folder[..2];

    /// <summary>Roles that it names.</summary>
    public string[] Roles { get; init; } = [];

    /// <summary>More of CREATE DATABASE.</summary>
    public string Options { get; init; } = "";

    /// <summary>True to rehearse with -AllowSuperuser.</summary>
    public bool AllowSuperuser { get; init; }

    /// <summary>What the rehearsal must say.</summary>
    public Verdict Verdict { get; init; } = Verdict.Passed;

    /// <summary>What its reason or its remedy names.</summary>
    public string Says { get; init; } = "";

    /// <summary>True if stock pg_restore, alone, does not bring it back.</summary>
    public bool StockFails { get; init; }

    /// <summary>More arguments of the stock pg_dump whose archive is the oracle, and the archive that is restored too.</summary>
    public string[] DumpArguments { get; init; } = [];

    /// <summary>The first major version that has what it needs.</summary>
    public int Since { get; init; }

    /// <summary>True if rows may come back in other partitions than they were in.</summary>
    public bool MovesRows { get; init; }
}
