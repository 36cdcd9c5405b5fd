# What the cmdlets emit goes on through the pipe, whatever way it took meanwhile; what is no object any more is answered by what it is.
BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_bind 50
    $folder = Join-Path $TestDrive 'backups'
    $backup = New-CryoBackup cryo_bind -Path $folder
    $made = @{
        New     = $backup
        Get     = Get-CryoBackup $folder
        Copy    = Copy-CryoBackup $backup.Path (Join-Path $TestDrive 'copies')
        Test    = Test-CryoBackup $backup.Path
        Restore = Restore-CryoBackup $backup.Path -TargetDatabase cryo_bind_copy -Create -PlanOnly
        Remove  = Remove-CryoBackup $folder -KeepLast 9
        Protect = Protect-CryoBackup $backup.Path -Reason 'a test' -Until (Get-Date).AddDays(1)
    }
    $made.Unprotect = Unprotect-CryoBackup $backup.Path
    $config = New-CryoBackupConfiguration -Path (Join-Path $TestDrive 'example.yaml')
    $tested = Test-CryoBackupConfiguration $config
    # Each with as much in it as there can be: what a file and another process make of it.
    $more = @{
        Failed     = Test-CryoBackup (Join-Path $folder 'none') -Database cryo_bind, cryo_bound -MaxAge 1h
        Damaged    = Test-CryoBackup (& { $copy = Copy-Backup $backup (Join-Path $TestDrive 'damaged'); Edit-OneByte $copy; $copy })
        Restored   = Restore-CryoBackup $backup.Path -TargetDatabase cryo_bind_copy -Create
        Unfinished = Get-CryoBackup (& { $null = Copy-Backup $backup (Join-Path $TestDrive 'alone'); Remove-Item (Join-Path $TestDrive 'alone/*.json'); Join-Path $TestDrive 'alone' }) -All
        Tested     = $tested
        Wrong      = & { Set-Content (Join-Path $TestDrive 'wrong.yaml') 'nonsense: 1'; Test-CryoBackupConfiguration (Join-Path $TestDrive 'wrong.yaml') }
    }
    Clear-TestDatabase cryo_bind_copy

    # What takes a backup, and changes nothing.
    $takers = [ordered] @{
        Test    = { $input | Test-CryoBackup -Level Hash }
        Restore = { $input | Restore-CryoBackup -TargetDatabase cryo_bind_copy -Create -PlanOnly }
        Get     = { $input | Get-CryoBackup }
        Copy    = { $input | Copy-CryoBackup -Destination (Join-Path $TestDrive "to$(Get-Random)") }
        Remove  = { $input | Remove-CryoBackup -KeepLast 9 }
        Protect = { $input | Protect-CryoBackup -Until (Get-Date).AddDays(1); $null = Unprotect-CryoBackup $backup.Path }
    }

    # What a taker made of an object: the backup that it found, or the error's name.
    function Get-Bound([scriptblock] $Taker, $Object) {
        try {
            (@($Object | & $Taker) | Select-Object -First 1).Path
        }
        catch {
            $_.FullyQualifiedErrorId
        }
    }

    # The properties, also of what lists hold, whose values are of one of our enumerations: each with its place in the object.
    function Get-WordProperty([type] $Type, [string] $Place = '') {
        foreach ($property in $Type.GetProperties() | Where-Object { $_.GetIndexParameters().Count -eq 0 }) {
            $of = [Nullable]::GetUnderlyingType($property.PropertyType) ?? $property.PropertyType
            if ($of.IsEnum) {
                "$Place$($property.Name)"
            }
            elseif ($of.IsGenericType -and $of.GenericTypeArguments[0].Namespace -eq 'CryoBackup') {
                Get-WordProperty $of.GenericTypeArguments[0] "$Place$($property.Name)."
            }
        }
    }

    # All that a path of names leads to, through lists; nothing where a list on the way is empty.
    function Get-Deep($Object, [string] $Place) {
        $values = @($Object)
        foreach ($name in $Place -split '\.') {
            $values = @($values | ForEach-Object { $_.$name })
        }

        $values | Where-Object { $null -ne $_ }
    }

    $bound = [System.Collections.Generic.List[object]]::new()
    $ways = @{
        'as it is'            = { param($Object) $Object }
        'Select-Object'       = { param($Object) $Object | Select-Object Path }
        'ConvertTo-Json'      = { param($Object) $Object | ConvertTo-Json -Depth 5 | ConvertFrom-Json }
        'Export-Csv'          = { param($Object) $Object | Export-Csv (Join-Path $TestDrive 'o.csv'); Import-Csv (Join-Path $TestDrive 'o.csv') }
        'Export-Clixml'       = { param($Object) $Object | Export-Clixml (Join-Path $TestDrive 'o.xml'); Import-Clixml (Join-Path $TestDrive 'o.xml') }
        'Start-Job'           = { param($Object) Start-Job { $using:Object } | Receive-Job -Wait -AutoRemoveJob }
        'PSSerializer'        = { param($Object) [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Object, 3)) }
    }
}

AfterAll {
    Clear-TestDatabase cryo_bind
    $results = Join-Path $PSScriptRoot '../output/test-results'
    $results = (Test-Path -LiteralPath $results) ? $results : (Split-Path $results)
    $bound | Format-Table | Out-String -Width 120 | Set-Content -LiteralPath (Join-Path $results 'what-binds.txt')
}

Describe 'What <Cmdlet>-CryoBackup emits' -ForEach @('New', 'Get', 'Copy', 'Test', 'Restore', 'Remove', 'Protect', 'Unprotect' | ForEach-Object { @{ Cmdlet = $_ } }) {
    It 'goes on after <_>' -ForEach 'as it is', 'Select-Object', 'ConvertTo-Json', 'Export-Csv', 'Export-Clixml', 'Start-Job', 'PSSerializer' {
        $object = & $ways[$_] $made[$Cmdlet]
        $object | Should -HaveCount 1
        $row = [ordered] @{ Object = $Cmdlet; Way = $_ }
        foreach ($taker in $takers.Keys) {
            # What changes backups takes no mere property named Path, which as a pattern could mean another file once its own is gone, nor
            # what a restore emits.
            $needsType = $taker -in 'Remove', 'Protect' -and ($_ -eq 'Select-Object' -or $Cmdlet -eq 'Restore')
            $found = Get-Bound $takers[$taker] $object
            $row[$taker] = ($found ? (Split-Path $found -Leaf) : '') -eq (Split-Path $made[$Cmdlet].Path -Leaf) ? 'yes' : 'no'
            if (-not $needsType) {
                $row[$taker] | Should -Be 'yes' -Because "$taker takes what $Cmdlet emits after $_, and said $found"
            }
        }

        $bound.Add([pscustomobject] $row)
    }

    It 'may be an argument, one or several' {
        foreach ($command in 'Test-CryoBackup', 'Restore-CryoBackup', 'Get-CryoBackup', 'Copy-CryoBackup') {
            $more = @{
                'Test-CryoBackup'    = @{ Level = 'Hash' }
                'Restore-CryoBackup' = @{ TargetDatabase = 'cryo_bind_copy'; Create = $true; PlanOnly = $true }
                'Get-CryoBackup'     = @{}
                'Copy-CryoBackup'    = @{ Destination = Join-Path $TestDrive "to$(Get-Random)" }
            }[$command]
            foreach ($argument in $made[$Cmdlet], ($made[$Cmdlet] | Select-Object Path)) {
                Split-Path (& $command $argument @more -ErrorAction Stop).Path -Leaf | Should -Be (Split-Path $backup.Path -Leaf) -Because $command
            }
        }

        @(Test-CryoBackup @($made[$Cmdlet], $made.New) -Level Hash).Verdict | Should -Be 'Passed', 'Passed'
    }
}

Describe 'What becomes of <What> in a file and in another process' -ForEach @(
    'New', 'Get', 'Copy', 'Test', 'Restore', 'Remove', 'Protect', 'Unprotect', 'Failed', 'Damaged', 'Restored', 'Unfinished', 'Tested', 'Wrong' | ForEach-Object { @{ What = $_ } }
) {
    BeforeAll {
        $object = @($made[$What] ?? $more[$What])[0]
        $type = $object.GetType()
        $words = @(Get-WordProperty $type)
    }

    It 'has words in JSON, as they are shown' {
        $read = $object | ConvertTo-Json -Depth 5 | ConvertFrom-Json
        foreach ($place in $words) {
            $values = @(Get-Deep $read $place)
            $values | ForEach-Object { $_ | Should -BeOfType [string] -Because $place }
            $values | Should -Be @(Get-Deep $object $place | ForEach-Object ToString) -Because $place
        }
    }

    It 'has text in each cell of a sheet' {
        $row = $object | ConvertTo-Csv | ConvertFrom-Csv
        foreach ($property in $type.GetProperties()) {
            $row.($property.Name) | Should -Not -Match '^System\.|^CryoBackup\.|`|\[\]' -Because $property.Name
            if ($property.PropertyType.IsGenericType -and $property.PropertyType.Name -like 'ResultList*') {
                $row.($property.Name) | Should -Be (@($object.($property.Name) | ForEach-Object ToString) -join '; ') -Because $property.Name
            }
        }
    }

    It 'has words, lists and what they hold when it comes home from a job' {
        $back = Start-Job { $using:object } | Receive-Job -Wait -AutoRemoveJob
        $cells = $back | ConvertTo-Csv | ConvertFrom-Csv
        foreach ($place in $words) {
            $values = @(Get-Deep $object $place)
            $found = @(Get-Deep $back $place)
            $found | Should -HaveCount $values.Count -Because $place
            for ($i = 0; $i -lt $values.Count; $i++) {
                ($found[$i] -eq "$($values[$i])") | Should -BeTrue -Because "$place is compared with a word"
            }
        }

        foreach ($property in $type.GetProperties() | Where-Object { $_.PropertyType.Name -like 'ResultList*' }) {
            $name = $property.Name
            @($back.$name).Count | Should -Be $object.$name.Count
            $cells.$name | Should -Not -Match 'System\.' -Because $name
            if ($object.$name.Count -gt 0 -and $property.PropertyType.GenericTypeArguments[0] -ne [string]) {
                foreach ($inner in $property.PropertyType.GenericTypeArguments[0].GetProperties().Name) {
                    "$(@($back.$name)[0].$inner)" | Should -Be "$(@($object.$name)[0].$inner)" -Because "$name holds it"
                }
            }
        }
    }

    It 'is false where a list is empty, as an array is' {
        foreach ($property in $type.GetProperties() | Where-Object { $_.PropertyType.Name -like 'ResultList*' }) {
            $list = $object.($property.Name)
            [bool] $list | Should -Be ($list.Count -gt 0) -Because $property.Name
            $list.Length | Should -Be $list.Count
        }
    }
}

Describe 'What a job itself makes' {
    It 'comes home with words that compare, and tables that are whole' {
        $file = $backup.Path
        $back = Start-Job { Import-Module $using:ModulePath; Get-CryoBackup $using:file; Test-CryoBackup $using:file } | Receive-Job -Wait -AutoRemoveJob
        $back[0].State -eq 'Complete' | Should -BeTrue
        $back[0].Tables.Rows | Should -Be $backup.Tables.Rows
        $back[1].Verdict -eq 'Passed' | Should -BeTrue
        $back[1].Checks.Outcome | Should -Be $made.Test.Checks.Outcome.ForEach([string])
        ($back[1] | ConvertTo-Json -Depth 4 | ConvertFrom-Json).Level | Should -Be 'Content'
    }
}

Describe 'What the cmdlets of configurations emit' {
    It 'goes on to Test-CryoBackupConfiguration after <_>' -ForEach 'as it is', 'ConvertTo-Json', 'Export-Csv', 'Export-Clixml', 'Start-Job', 'PSSerializer' {
        foreach ($object in $config, $tested) {
            ((& $ways[$_] $object) | Test-CryoBackupConfiguration).Path | Should -Be $config.FullName
        }
    }
}

Describe 'The page about many machines' {
    # Each cell: 'yes' where all that the cmdlets emit is taken, 'no' where nothing is; Remove and Protect never take what Restore emits.
    It 'has the table of what binds' {
        $page = Get-Content -LiteralPath (Join-Path $PSScriptRoot '../en-US/about_CryoBackup_Fleet.help.txt')
        $head = $page | Where-Object { $_ -match '^ +Test +Restore +Get +Copy +Remove +Protect$' }
        $head | Should -Not -BeNullOrEmpty
        foreach ($way in $ways.Keys | Where-Object { $_ -ne 'PSSerializer' }) {
            $rows = @($bound | Where-Object { $_.Way -eq $way })
            $cells = foreach ($taker in $takers.Keys) {
                $told = @($rows | Where-Object { $taker -notin 'Remove', 'Protect' -or $_.Object -ne 'Restore' } | ForEach-Object $taker | Sort-Object -Unique)
                $told | Should -HaveCount 1 -Because "$taker takes all or nothing after $way"
                $told
            }

            @($page -match "^    $([regex]::Escape($way)) +$($cells -join ' +')$") | Should -HaveCount 1 -Because "$way`: $cells"
        }
    }
}

Describe 'The pipe' {
    It 'answers <What> by what it is, once, and proves or restores nothing' -ForEach @(
        @{ What = 'objects formatted for the screen'; Piped = { $backup | Format-Table }; Expected = '*formatted for the screen*' }
        @{ What = 'objects as text'; Piped = { "$($backup | Select-Object Path)" }; Expected = '*is the text of an object*' }
        @{ What = 'a printed table'; Piped = { $backup | Out-String }; Expected = '*text of a table*' }
        @{ What = 'a hashtable'; Piped = { @{ Path = $backup.Path } }; Expected = '*name of a type*' }
    ) {
        foreach ($command in { Test-CryoBackup }, { Restore-CryoBackup -TargetDatabase cryo_bind_copy -Create }, { Copy-CryoBackup -Destination $TestDrive }, { New-CryoBackup -Path $TestDrive }) {
            $failure = $null
            try { & $Piped | & ([scriptblock]::Create("`$input | $command")) } catch { $failure = $_ }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ConfigurationInvalid,*' -Because "$command"
            $failure.Exception.Message | Should -BeLike $Expected
            $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }
    }

    It 'reads a verdict from a sheet as what it says' {
        $made.Test | Select-Object Path, @{ Name = 'IsValid'; Expression = { $false } } | Export-Csv (Join-Path $TestDrive 'bad.csv')
        { Import-Csv (Join-Path $TestDrive 'bad.csv') | Restore-CryoBackup -TargetDatabase cryo_bind_copy -Create -PlanOnly -ErrorAction Stop } |
            Should -Throw -ErrorId 'VerificationNotPassed,*'
    }

    It 'takes brackets in the name of what is there as they are' {
        $file = Copy-Backup $backup (Join-Path $TestDrive 'odd[1]')
        ([pscustomobject] @{ Path = $file } | Test-CryoBackup).Verdict | Should -Be 'Passed'
    }
}

Describe 'A connection' {
    It 'may be named as a URI, whose password is shown nowhere' {
        $server = [uri]::EscapeDataString($env:PGHOST)
        $said = New-CryoBackup -ComputerName "postgresql://${env:PGUSER}:geheim@${server}:${env:PGPORT}/cryo_bind?sslmode=prefer" -Path (Join-Path $TestDrive 'uri') -Verbose *>&1
        $made = $said | Where-Object { $_.PSObject.TypeNames[0] -eq 'CryoBackup.BackupInfo' }
        $made.Database | Should -Be 'cryo_bind'
        $made.ComputerName | Should -Be $env:PGHOST
        ($said | Out-String) + (Get-Content -Raw $made.ManifestPath) | Should -Not -Match 'geheim'
    }

    It 'that is no URI is told without its password: <_>' -ForEach 'postgresql://u:geheim@h:x/app', 'postgresql://u:geheim@h/app?foo=1', 'postgresql://u@h/app?sslmode=strong&password=geheim', 'postgresql://u:geheim@a:1,b:2/app' {
        $failure = { New-CryoBackup app -ComputerName $_ -Path $TestDrive } | Should -Throw -ErrorId 'ConfigurationInvalid,*' -PassThru
        "$failure $($failure.TargetObject) $($failure.ErrorDetails.RecommendedAction)" | Should -Not -Match 'geheim'
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*postgresql://user@host*'
    }

    It 'takes SSL modes in libpq''s words too: <_>' -ForEach 'verify-full', 'VerifyFull', 'verify-ca', 'require' {
        New-CryoBackup app -Path $TestDrive -SslMode $_ -WhatIf
    }

    It 'is told how to name several databases' {
        $list = { New-CryoBackup 'a,b' -Path $TestDrive -ErrorAction Stop } | Should -Throw -PassThru
        $list.ErrorDetails.RecommendedAction | Should -BeLike '*as a list*-File*'
    }
}

Describe 'A wrong value' {
    It 'of the server is told before anything is done: <_>' -ForEach 'Restore', 'Test' {
        $wrong = 'postgresql://u:geheim@h:x/app'
        $line = if ($_ -eq 'Restore') { { Restore-CryoBackup $backup.Path -TargetDatabase x -Create -ComputerName $wrong } }
        else { { Test-CryoBackup $backup.Path -Level Restore -ComputerName $wrong } }
        $failure = $line | Should -Throw -ErrorId 'ConfigurationInvalid,*' -PassThru
        "$failure $($failure.TargetObject)" | Should -Not -Match 'geheim'
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*postgresql://user@host*'
    }

    It 'of a drive that nobody has is told: <_>' -ForEach 'Get', 'Test', 'Restore' {
        $line = switch ($_) {
            'Get' { { Get-CryoBackup $folder -Identity 'NoDrive:\key' } }
            'Test' { { Test-CryoBackup $backup.Path -Identity 'NoDrive:\key' } }
            'Restore' { { Restore-CryoBackup $backup.Path -TargetDatabase x -Create -Identity 'NoDrive:\key' } }
        }
        $line | Should -Throw '*NoDrive*'
    }

    It 'of a length of time that no clock holds is told' {
        { Test-CryoBackup $backup.Path -Timeout 1e300 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
    }
}

Describe 'How long a restore may take' {
    It 'is said by -Timeout' {
        { Restore-CryoBackup $backup.Path -TargetDatabase cryo_bind_copy -Create -Timeout 00:00:00.001 -ErrorAction Stop } | Should -Throw '*took longer than 0.001s*'
        Invoke-Sql "SELECT count(*) FROM pg_database WHERE datname LIKE 'cryo_bind_copy%'" | Should -Be 0
    }

    It 'for another''s lock by -LockTimeout' {
        $null = Restore-CryoBackup $backup.Path -TargetDatabase cryo_bind_lock -Create
        $table = "$($backup.Tables[0].Schema).$($backup.Tables[0].Name)"
        $other = Start-Process psql -ArgumentList '-X', '-d', 'cryo_bind_lock', '-c', """BEGIN; LOCK TABLE $table; SELECT pg_sleep(120)""" -PassThru
        try {
            while ((Invoke-Sql "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)%' AND wait_event = 'PgSleep'") -lt 1) { Start-Sleep -Milliseconds 100 }
            { Restore-CryoBackup $backup.Path -TargetDatabase cryo_bind_lock -Clean -Force -LockTimeout 00:00:00.3 -ErrorAction Stop } | Should -Throw -ErrorId 'LockTimeout,*'
        }
        finally {
            $other | Stop-Process
            Clear-TestDatabase cryo_bind_lock
        }
    }
}

Describe 'A rehearsal on a server that is named' {
    It 'is made by a superuser only where -AllowSuperuser says so' {
        $server = @{ ComputerName = $env:PGHOST; Port = $env:PGPORT; Level = 'Restore'; Force = $true }
        $refused = Test-CryoBackup $backup.Path @server
        $refused.Verdict | Should -Be 'Inconclusive'
        $refused.Reason | Should -BeLike '*is a superuser*'
        (Test-CryoBackup $backup.Path @server -AllowSuperuser).Verdict | Should -Be 'Passed'
    }
}

Describe 'Preferred values of parameters' {
    It 'break nothing' {
        $PSDefaultParameterValues = @{ '*-CryoBackup:ComputerName' = $env:PGHOST; '*-CryoBackup:Port' = [int] $env:PGPORT; '*-CryoBackup:SslMode' = 'prefer'; '*-CryoBackup:Quiet' = $false }
        $made = New-CryoBackup cryo_bind -Path (Join-Path $TestDrive 'preferred')
        ($made | Test-CryoBackup).Verdict | Should -Be 'Passed'
        (Get-CryoBackup (Join-Path $TestDrive 'preferred')).Path | Should -Be $made.Path
        ($made | Restore-CryoBackup -TargetDatabase cryo_bind_copy -Create -PlanOnly).Status | Should -Be 'Planned'
        ($made | Copy-CryoBackup -Destination (Join-Path $TestDrive 'preferred copies')).Database | Should -Be 'cryo_bind'
        $elsewhere = 'elsewhere'
        { Test-CryoBackup $made.Path -ComputerName $elsewhere } | Should -Throw -ErrorId 'ConfigurationInvalid,*'
    }
}
