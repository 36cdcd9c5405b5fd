# The line on one server with its own client: New, Test at each level, Restore in each way.
BeforeAll {
    . $PSScriptRoot/MatrixSupport.ps1
    $folder = Join-Path $TestDrive 'line'
    $copy = 'line_copy'
    Clear-TestDatabase $copy
    $source = Get-DumpText cryoprotect
    $backup = New-CryoBackup cryoprotect -Path $folder
}

AfterAll {
    Clear-TestDatabase $copy
}

Describe 'The line' {
    It 'backs up with a client of its own, without a warning' {
        Get-Warning $backup | Should -BeNullOrEmpty
        [int] ($backup.ServerVersion -replace '\..*') | Should -Be $ServerMajor
        $backup.TableCount | Should -BeGreaterThan 0
        $backup.RowCount | Should -BeGreaterThan 20000
    }

    It 'passes the test of level <_>' -ForEach 'Hash', 'Content', 'Restore' {
        $verified = $backup | Test-CryoBackup -Level $_
        $verified.Verdict | Should -Be 'Passed' -Because (Get-Complaint $verified)
    }

    It 'fails the tests of all levels with one byte changed' {
        $damaged = Copy-Backup $backup (Join-Path $TestDrive 'damaged')
        Edit-OneByte $damaged
        $verdicts = 'Hash', 'Content', 'Restore' | ForEach-Object { (Test-CryoBackup -LiteralPath $damaged -Level $_).Verdict }
        $verdicts | Should -Be 'Failed', 'Failed', 'Failed'
    }

    It 'restores with -Create' {
        $restored = $backup | Restore-CryoBackup -TargetDatabase $copy -Create
        $restored.Status | Should -Be 'Restored'
        $restored.Tables.Matches | Should -Not -Contain $false
        Get-DumpText $copy | Should -BeExactly $source
    }

    It 'restores with -Clean what was changed' {
        Edit-Schema $copy
        Get-DumpText $copy | Should -Not -BeExactly $source
        $restored = $backup | Restore-CryoBackup -TargetDatabase $copy -Clean -Force
        $restored.Status | Should -Be 'Restored'
        $restored.Tables.Matches | Should -Not -Contain $false
        Get-DumpText $copy | Should -BeExactly $source
    }

    It 'restores with -Swap, and keeps what was there' {
        Edit-Schema $copy
        $before = Get-DumpText $copy
        $swapped = $backup | Restore-CryoBackup -TargetDatabase $copy -Swap -Force
        $swapped.Status | Should -Be 'Restored'
        Get-DumpText $copy | Should -BeExactly $source
        $kept = Get-DumpText $swapped.PreviousDatabase
        Clear-TestDatabase $swapped.PreviousDatabase
        $kept | Should -BeExactly $before
    }

    It 'restores with two jobs' {
        $restored = $backup | Restore-CryoBackup -TargetDatabase $copy -Swap -Jobs 2 -Force
        Clear-TestDatabase $restored.PreviousDatabase
        $restored.Status | Should -Be 'Restored'
        Get-DumpText $copy | Should -BeExactly $source
    }

    It 'restores one table with what belongs to it' {
        Clear-TestDatabase $copy
        $table = $backup.Tables | Sort-Object -Property Rows -Descending | Select-Object -First 1
        Invoke-Sql "CREATE DATABASE $copy TEMPLATE template0"
        $plan = $backup | Restore-CryoBackup -TargetDatabase $copy -Table "$($table.Schema).$($table.Name)" -PlanOnly
        $plan.Status | Should -Be 'Planned'
        $restored = $backup | Restore-CryoBackup -TargetDatabase $copy -Table "$($table.Schema).$($table.Name)" -Force
        $restored.Status | Should -Be 'Restored'
        $restored.Tables.Matches | Should -Be @($true)
    }

    It 'makes, proves and restores an encrypted backup' {
        $key = Join-Path $TestDrive 'key.txt'
        & age-keygen -o $key 2>$null
        $recipient = (Get-Content -LiteralPath $key | Where-Object { $_ -match 'public key: (.*)' } | ForEach-Object { $Matches[1] })
        $encrypted = New-CryoBackup cryoprotect -Path (Join-Path $TestDrive 'encrypted') -Recipient $recipient
        ($encrypted | Test-CryoBackup -Identity $key -Level Restore).Verdict | Should -Be 'Passed'
        Clear-TestDatabase $copy
        ($encrypted | Restore-CryoBackup -TargetDatabase $copy -Create -Identity $key).Status | Should -Be 'Restored'
        Get-DumpText $copy | Should -BeExactly $source
    }
}
