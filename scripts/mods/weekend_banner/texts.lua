-- texts.lua: what the banner says. {server} is our name.
return {
  title = {
    en = "Double credits weekend", de = "Wochenende der doppelten Credits", es = "Fin de semana de créditos dobles",
    fr = "Week-end crédits doublés", it = "Fine settimana di crediti doppi", pl = "Weekend podwójnych kredytów",
    ru = "Выходные двойных кредитов",
  },
  text = {
    en = "This weekend every mission on {server} earns double credits.",
    de = "An diesem Wochenende bringt jede Mission auf {server} doppelte Credits.",
    es = "Este fin de semana, cada misión en {server} otorga el doble de créditos.",
    fr = "Ce week-end, chaque mission sur {server} rapporte le double de crédits.",
    it = "In questo fine settimana ogni missione su {server} vale il doppio dei crediti.",
    pl = "W ten weekend każda misja na {server} przynosi podwójne kredyty.",
    ru = "В эти выходные каждая миссия на {server} приносит вдвое больше кредитов.",
  },
}
