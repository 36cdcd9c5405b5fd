using CryoBackup.Restore;

namespace CryoBackup.Reports;

/// <summary>What was asked for. Schema and table are null for none, a text for one, and a list for several.</summary>
internal sealed record RestoreOptions(
    bool Clean,
    bool Create,
    bool NoOwner,
    bool NoPrivileges,
    object? Schema,
    object? Table,
    bool Swap,
    bool SchemaOnly,
    bool DataOnly,
    bool PlanOnly,
    bool Force,
    int? Jobs
)
{
    /// <summary>The options of a request.</summary>
    /// <param name="request">What Restore was asked for.</param>
    public static RestoreOptions Of(RestoreRequest request) =>
        new(
            request.Clean,
            request.Create,
            request.NoOwner,
            request.NoPrivileges,
            Names(request.Schema),
            Names(request.Table),
            request.Swap,
            request.SchemaOnly,
            request.DataOnly,
            request.PlanOnly,
            request.Force,
            request.Jobs
        );

    // The predecessor took one name.
    private static object? Names(IReadOnlyList<string> names) =>
        names.Count switch
        {
            0 => null,
            1 => names[0],
            _ => names.ToArray(),
        };
}
