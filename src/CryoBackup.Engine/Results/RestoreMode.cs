namespace CryoBackup;

/// <summary>Into what a backup is restored.</summary>
// Of 64 bits, which ConvertTo-Json writes as words.
public enum RestoreMode : long
{
    /// <summary>An existing database without objects.</summary>
    Empty,

    /// <summary>A new database.</summary>
    Create,

    /// <summary>An existing database, whose objects of the backup are dropped first, in one transaction with the restore.</summary>
    Clean,

    /// <summary>A new database, which then takes the place of the existing one.</summary>
    Swap,

    /// <summary>The empty tables of an existing database; rows only.</summary>
    Data,
}
