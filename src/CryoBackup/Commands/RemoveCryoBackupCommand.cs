using System.Management.Automation;
using CryoBackup.Completion;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Retention;
using CryoBackup.Runs;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>Remove-CryoBackup: removes what rules do not keep, or single backups.</summary>
[Cmdlet(
    VerbsCommon.Remove,
    "CryoBackup",
    DefaultParameterSetName = PathSet,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High
)]
[OutputType(typeof(RemovalResult))]
public sealed class RemoveCryoBackupCommand : CryoBackupChangeCmdlet
{
    private readonly List<string> _paths = [];
    private RetentionRules _rules = new();

    /// <summary>Of a folder only the backups of these databases; wildcards are * and ?. Not from the pipeline.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupContentCompleter))]
    public string[] Database { get; set; } = [];

    /// <summary>How many of the newest proven backups stay.</summary>
    [Parameter]
    [ValidateRange(0, RetentionRules.Most)]
    public int? KeepLast
    {
        get => _rules.KeepLast;
        set => _rules = _rules with { KeepLast = value };
    }

    /// <summary>Of how many hours that hold a proven backup the newest stays.</summary>
    [Parameter]
    [ValidateRange(0, RetentionRules.Most)]
    public int? KeepHourly
    {
        get => _rules.KeepHourly;
        set => _rules = _rules with { KeepHourly = value };
    }

    /// <summary>Of how many days that hold a proven backup the newest stays.</summary>
    [Parameter]
    [ValidateRange(0, RetentionRules.Most)]
    public int? KeepDaily
    {
        get => _rules.KeepDaily;
        set => _rules = _rules with { KeepDaily = value };
    }

    /// <summary>Of how many weeks that hold a proven backup the newest stays.</summary>
    [Parameter]
    [ValidateRange(0, RetentionRules.Most)]
    public int? KeepWeekly
    {
        get => _rules.KeepWeekly;
        set => _rules = _rules with { KeepWeekly = value };
    }

    /// <summary>Of how many months that hold a proven backup the newest stays.</summary>
    [Parameter]
    [ValidateRange(0, RetentionRules.Most)]
    public int? KeepMonthly
    {
        get => _rules.KeepMonthly;
        set => _rules = _rules with { KeepMonthly = value };
    }

    /// <summary>Of how many years that hold a proven backup the newest stays.</summary>
    [Parameter]
    [ValidateRange(0, RetentionRules.Most)]
    public int? KeepYearly
    {
        get => _rules.KeepYearly;
        set => _rules = _rules with { KeepYearly = value };
    }

    /// <summary>How long backups stay, counted from the newest proven one.</summary>
    [Parameter]
    [Duration(NeedsUnit = true)]
    [ValidatePositiveDuration]
    public TimeSpan? KeepWithin
    {
        get => _rules.KeepWithin;
        set => _rules = _rules with { KeepWithin = value };
    }

    /// <summary>How many of the newest that came back in a rehearsal stay.</summary>
    [Parameter]
    [ValidateRange(0, RetentionRules.Most)]
    public int? KeepRehearsed
    {
        get => _rules.KeepRehearsed;
        set => _rules = _rules with { KeepRehearsed = value };
    }

    /// <summary>The time zone of the hours, days, weeks, months and years, by its IANA name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string TimeZone
    {
        get => _rules.TimeZone;
        set => _rules = _rules with { TimeZone = value };
    }

    /// <summary>The day that a week begins with.</summary>
    [Parameter]
    public DayOfWeek FirstDayOfWeek
    {
        get => _rules.FirstDayOfWeek;
        set => _rules = _rules with { FirstDayOfWeek = value };
    }

    /// <summary>Removes nothing that is younger, counted from the newest proven one.</summary>
    [Parameter]
    [Duration(NeedsUnit = true)]
    [ValidatePositiveDuration]
    public TimeSpan? OlderThan
    {
        get => _rules.OlderThan;
        set => _rules = _rules with { OlderThan = value };
    }

    /// <summary>Removes a single backup though it is the newest, the newest proven or rehearsed, or held.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Reads the configuration.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        ReadConfiguration(ConfigurationUse.Remove);
        OpenEvidence(RunKind.Removal);
    }

    /// <summary>Gathers the paths: what a folder keeps is decided by all that it holds.</summary>
    protected override void ProcessRecord()
    {
        foreach (string path in ResolveRecord(Path).SelectMany(found => found.Paths))
        {
            if (RemovalPlan.FindFault(path) is { } fault)
            {
                Report(fault, path);
            }
            else
            {
                _paths.Add(path);
            }
        }
    }

    /// <summary>Decides, asks, removes.</summary>
    protected override void EndProcessing()
    {
        if (
            !WarnIfNothingCame(Came, "no backup was removed")
            && _paths.Count > 0
            && RunEngine(_paths, (_, _) => RemovalPlan.Of(_paths, _rules, Configuration, Database, Force)) is { } requests
        )
        {
            foreach (RemovalRequest request in requests)
            {
                Remove(request);
            }
        }

        base.EndProcessing();
    }

    private void Remove(RemovalRequest request)
    {
        if (RunEngine(request.Folder, (observer, stop) => BackupRemoval.Plan(request, observer, stop)) is not { } plan)
        {
            return;
        }

        HashSet<string> approved = new(StringComparer.Ordinal);
        bool isTrial = false;
        foreach (RemovalResult planned in plan.Where(planned => planned.Action == RemovalAction.Remove))
        {
            string what = VisibleText.Of($"backup '{planned.Path}'");
            string how = VisibleText.Of($"Remove, for {string.Join("; ", planned.Reasons)}");
            if (ShouldProcess($"Removing {what}: {how}.", $"{how}: {what}?", "Remove-CryoBackup", out ShouldProcessReason reason))
            {
                approved.Add(planned.Path);
            }

            isTrial |= reason == ShouldProcessReason.WhatIf;
        }

        IReadOnlyList<RemovalResult>? results = isTrial
            ? plan
            : RunEngine(request.Folder, (observer, stop) => Evidence.Run(request, approved, observer, stop));
        foreach (RemovalResult result in results ?? [])
        {
            if (result.Action == RemovalAction.Blocked)
            {
                WriteWarning(VisibleText.Of($"'{result.Path}' is not removed: {string.Join("; ", result.Reasons)}."));
            }

            Emit(result);
        }
    }
}
