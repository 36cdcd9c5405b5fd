namespace CryoBackup.Tests;

public sealed class StepProgressTests
{
    private readonly List<ProgressMessage> _told = [];

    /// <summary>The timer comes four times a second; what takes less than that is told too.</summary>
    [Fact]
    public void AStepIsToldHoweverShort()
    {
        using (var progress = new StepProgress("Restoring", ["reading", "restoring", "comparing"], Tell))
        {
            progress.Observe(new StepMessage(2));
            progress.Observe(new ProgressMessage("Copying", "public.big", 0.5, null));
            progress.Observe(new StepMessage(3));
        }

        foreach (string step in new[] { "step 1 of 3, reading", "step 2 of 3, restoring", "step 3 of 3, comparing" })
        {
            Assert.Contains(_told, told => told.Status == step);
        }

        Assert.True(_told[^1].Completed);
    }

    [Fact]
    public void AfterTheEndNothingIsTold()
    {
        var progress = new StepProgress("Restoring", ["reading", "restoring"], Tell);
        progress.Dispose();
        int told = _told.Count;
        progress.Observe(new StepMessage(2));
        progress.Dispose();
        Assert.Equal(told, _told.Count);
    }

    private void Tell(EngineMessage message)
    {
        lock (_told)
        {
            _told.Add((ProgressMessage)message);
        }
    }
}
